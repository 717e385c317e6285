# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import concurrent.futures
import time
import uuid

import ddt
from keystoneauth1 import exceptions
import testtools

from openstack_idempotency_client import retry
from openstack_idempotency_client import session as carrying
from openstack_idempotency_client.token import client_token
from openstack_idempotency_client.token import ClientTokenError
from openstack_idempotency_client.use import Fresh
from tests.unit.client import wire
from tests.unit.client.cloud import Cloud
from tests.unit.client.sessions import SERVERS
from tests.unit.client.sessions import SessionTest
from tests.unit.client.wire import Gateway
from tests.unit.client.wire import Loss
from tests.unit.client.wire import Spoken


class CarriedTest(SessionTest):
    def test_each_post_gets_a_token_of_its_own(self):
        self.post()
        self.post()
        first, second = map(uuid.UUID, self.sent())
        self.assertEqual((7, 7), (first.version, second.version))
        self.assertNotEqual(first, second)
        self.assertEqual(["1", "1"], self.attempts())

    def test_token_of_a_block(self):
        with client_token("secret"):
            self.post()
        self.post()
        self.assertEqual("secret", self.sent()[0])
        self.assertEqual(7, uuid.UUID(self.sent()[1]).version)

    def test_bad_token_of_a_block(self):
        with (
            testtools.ExpectedException(ClientTokenError),
            client_token("a b"),
        ):
            self.post()
        self.assertEqual([], self.sent())

    def test_blocks_of_threads_do_not_mix(self):
        def boot(number):
            with client_token(f"t{number}"):
                return self.post(f"n{number}").request.headers

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            headers = list(pool.map(boot, range(24)))
        self.assertEqual(
            [f"t{number}" for number in range(24)],
            [one["X-Client-Token"] for one in headers],
        )

    def test_header_of_the_caller_wins(self):
        self.post(headers={"x-client-token": "own", "X-Own": "kept"})
        self.assertEqual(["own"], self.sent())
        (request,) = self.cloud.posts()
        self.assertEqual("kept", request.headers["X-Own"])

    def test_overridden_endpoint(self):
        url = f"{self.cloud.url}/compute"
        with client_token("secret"):
            self.service(endpoint_override=url).post(SERVERS, json={})
        self.assertEqual(["secret"], self.sent())
        self.assertEqual(1, len(self.cloud.look_ups()))

    def test_each_service_gets_its_own_use(self):
        for service in ("image", "network"):
            self.service(service).post("/things", json={})
        (first,), (second,) = self.sent("image"), self.sent("network")
        self.assertNotIn(None, (first, second))
        self.assertNotEqual(first, second)
        self.assertEqual([None], self.sent("identity"))

    def test_services_that_are_not_named_never_see_it(self):
        carrying.attach(self.session, service_types=("compute",))
        with client_token("secret"):
            for service in ("image", "network"):
                self.service(service).post("/things", json={})
        self.assertEqual([None], self.sent("identity"))
        self.assertEqual([None], self.sent("image"))
        self.assertEqual([None], self.sent("network"))

    def test_other_methods_never_carry_it(self):
        with client_token("secret"):
            self.service().get("/servers/a")
        self.assertEqual({None}, {r.token for r in self.cloud.requests})

    def test_post_that_only_reads_carries_none(self):
        self.service().post(
            "/servers/a/action", json={"os-getConsoleOutput": {}}
        )
        self.assertEqual([None], self.sent())
        self.assertEqual([], self.cloud.look_ups())

    def test_other_sessions_stay_as_they_are(self):
        other = self.new_session()
        self.service(session=other).post(SERVERS, json={})
        self.assertEqual([None], self.sent())

    def test_attaching_twice_is_attaching_once(self):
        self.assertIs(self.carrier, carrying.attach(self.session))
        self.post()
        self.assertEqual(1, len(self.sent()))

    def test_attached_for_a_block(self):
        session = self.new_session()
        with carrying.attached(session, Fresh(), retry.Policy(), "compute"):
            self.service(session=session).post(SERVERS, json={})
        self.service(session=session).post(SERVERS, json={})
        first, second = self.sent()
        self.assertEqual(7, uuid.UUID(first).version)
        self.assertIsNone(second)

    def test_log_hides_the_token(self):
        with client_token("secret7"):
            self.post()
        self.assertIn('-H "X-Client-Token: ***"', self.log.output)
        self.assertIn("X-Client-Token: ***", self.log.output)
        self.assertNotIn("secret7", self.log.output)

    def test_token_tells_its_age_in_the_servers_time(self):
        self.start(Cloud(ahead=7200))
        self.post()
        (token,) = self.sent()
        told = (uuid.UUID(token).int >> 80) / 1000
        self.assertTrue(7190 < told - time.time() < 7210, told)

    def test_promise_is_asked_once_and_without_a_token(self):
        self.post()
        self.post()
        (asked,) = self.cloud.look_ups()
        self.assertIsNone(asked.token)
        self.assertEqual({"limit": "1"}, wire.query(asked))

    def test_refusal_is_raised_as_ever(self):
        self.start(Cloud(refusal=403))
        with testtools.ExpectedException(exceptions.Forbidden):
            self.post()
        self.assertEqual(403, self.post(raise_exc=False).status_code)


@ddt.ddt
class RetryTest(SessionTest):
    """One answer at the end, one server made, and each try numbered."""

    def assert_made_once(self, tries):
        self.assertEqual(1, len(self.cloud.made))
        self.assertEqual(tries, len(self.sent()))
        self.assertEqual(1, len(set(self.sent())))
        self.assertEqual(
            [str(number) for number in range(1, tries + 1)], self.attempts()
        )

    @ddt.named_data(
        ("request", Loss.REQUEST),
        ("answer", Loss.ANSWER),
        ("half", Loss.HALF),
        *((code, Gateway(code)) for code in (408, 429, 502, 503, 504)),
    )
    def test_after_each_loss(self, loss):
        self.start(Cloud(losses=(loss,)))
        self.assertEqual(202, self.post().status_code)
        self.assert_made_once(tries=2)
        self.assertIn("attempt 2 of 3", self.log.output)

    def test_after_an_answer_that_came_too_late(self):
        self.start(Cloud(losses=(Loss.HELD,)), timeout=0.5)
        self.assertEqual(202, self.post().status_code)
        self.assert_made_once(tries=2)

    @ddt.data(
        (500, "interrupted"), (409, "running"), (409, "taken-over"),
        (503, "unavailable"), (429, "too-many"),
    )  # fmt: skip
    @ddt.unpack
    def test_after_each_state_that_asks_for_it(self, status, state):
        self.start(Cloud(losses=(Spoken(status, state),)))
        self.assertEqual(202, self.post().status_code)
        self.assert_made_once(tries=2)

    @ddt.data(
        (409, "executed"), (422, "different"), (412, "expired"),
        (403, "forbidden"), (500, "failed"), (409, "unknown"),
        (409, "answer-lost"), (400, "invalid"), (503, "executed"),
    )  # fmt: skip
    @ddt.unpack
    def test_not_after_other_states(self, status, state):
        self.start(Cloud(losses=(Spoken(status, state),)))
        self.assertEqual(status, self.post(raise_exc=False).status_code)
        self.assertEqual(["1"], self.attempts())

    def test_gives_up_after_three(self):
        self.start(Cloud(losses=(Gateway(502),) * 5))
        self.assertEqual(502, self.post(raise_exc=False).status_code)
        self.assertEqual(["1", "2", "3"], self.attempts())

    def test_error_of_the_last_try_is_raised(self):
        self.start(Cloud(losses=(Loss.ANSWER,) * 5))
        with testtools.ExpectedException(exceptions.ConnectFailure):
            self.post()
        self.assertEqual(1, len(self.cloud.made))

    def test_no_connection_needs_no_promise(self):
        self.start(Cloud(retry_safe=False))
        nowhere = self.useFixture(wire.Nowhere()).url
        with testtools.ExpectedException(exceptions.ConnectFailure):
            self.service(endpoint_override=nowhere).post(SERVERS, json={})
        self.assertIn("attempt 3 of 3", self.log.output)

    def test_retry_after_is_obeyed(self):
        busy = Gateway(503, (("Retry-After", "1"),))
        self.start(Cloud(losses=(busy,)))
        started = time.monotonic()
        self.post()
        self.assertGreaterEqual(time.monotonic() - started, 1)

    def test_running_waits_with_the_look_up(self):
        self.start(Cloud(losses=(
            Spoken(409, "running", (("Retry-After", "60"),)),
        )))  # fmt: skip
        self.post()
        asked = self.cloud.look_ups()[-1]
        self.assertEqual(self.sent()[0], asked.token)
        self.assertEqual({"wait": "30"}, wire.query(asked))


class OwnRetriesTest(SessionTest):
    """Of keystoneauth: they are done our way, so that they are safe."""

    def test_their_number_counts(self):
        self.start(Cloud(losses=(Loss.ANSWER,) * 5))
        self.service(connect_retries=5).post(SERVERS, json={})
        self.assertEqual(list("123456"), self.attempts())
        self.assertEqual(1, len(self.cloud.made))

    def test_their_statuses_count(self):
        self.start(Cloud(losses=(Gateway(500),) * 2))
        self.service(
            status_code_retries=2, retriable_status_codes=[500]
        ).post(SERVERS, json={})
        self.assertEqual(list("123"), self.attempts())

    def test_they_need_the_promise_too(self):
        self.start(Cloud(losses=(Loss.ANSWER,) * 5, retry_safe=False))
        with testtools.ExpectedException(exceptions.ConnectFailure):
            self.service(connect_retries=5).post(SERVERS, json={})
        self.assertEqual(["1"], self.attempts())

    def test_without_a_token_they_are_as_before(self):
        self.start(Cloud(losses=(Loss.ANSWER,)))
        plain = self.service(session=self.new_session(), connect_retries=1,
                             connect_retry_delay=0.01)  # fmt: skip
        plain.post(SERVERS, json={})
        self.assertEqual(2, len(self.cloud.made))


class BudgetTest(SessionTest):
    def test_an_outage_costs_few_retries(self):
        """Five hundred calls on threads, while the API is away."""
        self.start(Cloud(losses=(Gateway(503),) * 5000))

        def boot(number):
            return self.post(raise_exc=False).status_code

        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            statuses = set(pool.map(boot, range(500)))
        self.assertEqual({503}, statuses)
        self.assertLessEqual(len(self.sent()), 550)
