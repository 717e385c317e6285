# SPDX-License-Identifier: Apache-2.0
"""Calls that a program makes again with the token that it gave."""

from __future__ import annotations

import io

import ddt
from keystoneauth1 import exceptions
import testtools

from openstack_idempotency_client import discovery
from openstack_idempotency_client import given
from openstack_idempotency_client import retry
from openstack_idempotency_client.ending import Ending
from openstack_idempotency_client.outcome import Fault
from openstack_idempotency_client.outcome import Outcome
from openstack_idempotency_client.token import client_token
from openstack_idempotency_client.use import NotSafeError
from tests.unit.client import wire
from tests.unit.client.cloud import Cloud
from tests.unit.client.sessions import SERVERS
from tests.unit.client.sessions import SessionTest
from tests.unit.client.wire import Gateway
from tests.unit.client.wire import Loss
from tests.unit.client.wire import Spoken


@ddt.ddt
class AgainTest(SessionTest):
    def lose(self, **options):
        """A first call whose answer is lost, without a retry."""
        self.start(Cloud(losses=(Loss.ANSWER,), **options))
        self.carrier.policy = retry.Policy(attempts=1)
        refused = testtools.ExpectedException(exceptions.ConnectFailure)
        with refused, client_token("order-1"):
            self.post()

    def test_is_resumed(self):
        self.lose()
        with client_token("order-1"):
            self.post()
        self.assertEqual(["1", "2"], self.attempts())
        self.assertEqual("order-1", self.cloud.look_ups()[-1].token)
        self.assertEqual(1, len(self.cloud.made))

    def test_is_not_sent_without_a_promise(self):
        self.lose(retry_safe=False)
        for _ in range(2):
            with testtools.ExpectedException(NotSafeError):
                self.service().post(SERVERS, json={"server": {"name": "a"}},
                                    headers={"X-Client-Token": "order-1"})
        self.assertEqual(["1"], self.attempts())

    def test_other_token_is_not_concerned(self):
        self.lose(retry_safe=False)
        with client_token("order-2"):
            self.post()
        self.assertEqual(["1", "1"], self.attempts())

    def test_after_its_last_word_it_is_forgotten(self):
        self.lose()
        for _ in range(3):
            with client_token("order-1"):
                self.post()
        self.assertEqual(["1", "2", "1", "1"], self.attempts())

    @ddt.data(403, 404)
    def test_refusal_of_the_only_try_is_a_last_word(self, status):
        self.start(Cloud(losses=(Gateway(status),), retry_safe=False))
        for _ in range(2):
            with client_token("order-1"):
                self.post(raise_exc=False)
        self.assertEqual(["1", "1"], self.attempts())

    def test_memory_is_bounded(self):
        known = given.GivenTokens()

        def use(number):
            found = known.use({"headers": {"x-client-token": number}}, "/")
            assert found is not None
            return found

        for number in range(1100):
            lost = use(str(number))
            lost.sending()
            lost.ended(
                Ending(Outcome(fault=Fault.UNANSWERED), discovery.LookUp(),
                       unsettled=True)
            )  # fmt: skip
            known.ended(lost)
        kept = [number for number in range(1100) if use(str(number)).attempts]
        self.assertEqual(list(range(100, 1100)), kept)


@ddt.ddt
class HiddenTest(SessionTest):
    """A refusal after a lost answer looks as if nothing had run."""

    @ddt.data(Gateway(403), Gateway(404), Spoken(400, "executed"))
    def test_it_is_told(self, refusal):
        self.start(Cloud(losses=(Loss.ANSWER, refusal)))
        self.post(raise_exc=False)
        self.assertIn("may have run. Look first", self.log.output)

    @ddt.data(Gateway(403), Spoken(400, "executed"))
    def test_refusal_alone(self, refusal):
        self.start(Cloud(losses=(refusal,)))
        self.post(raise_exc=False)
        self.assertNotIn("Look first", self.log.output)

    def test_gateway_of_any_kind(self):
        self.start(Cloud(losses=(Gateway(520),)))
        self.post(raise_exc=False)
        self.assertIn("no answer came. Look first", self.log.output)


class OutageTest(SessionTest):
    def test_questions_are_paid_for(self):
        gone = (Gateway(503),) * 300
        self.start(Cloud(losses=gone))
        self.cloud.lookup_losses = list(gone)
        for _ in range(100):
            self.post(raise_exc=False)
        self.assertLessEqual(len(self.cloud.look_ups()), 100 + 36)
        self.assertEqual(100, len(self.sent()))

    def test_look_up_waits_no_longer_than_in_all(self):
        self.start(Cloud(losses=(Spoken(409, "running"),)))
        self.carrier.policy = retry.Policy(seconds=5)
        self.post()
        [wait] = wire.query(self.cloud.look_ups()[-1]).values()
        self.assertLess(int(wait), 5)


class BodyTest(SessionTest):
    def test_that_can_be_read_once(self):
        self.start(Cloud(losses=(Loss.REQUEST,)))
        self.service().post(
            SERVERS, data=io.BytesIO(b'{"server": {"name": "a"}}'),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        bodies = [one.body for one in self.cloud.requests
                  if one.method == "POST" and one.token]
        self.assertEqual([{"server": {"name": "a"}}] * 2, bodies)
