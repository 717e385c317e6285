# SPDX-License-Identifier: Apache-2.0
"""What is sent again, and what a token's use is told of it."""

from __future__ import annotations

from keystoneauth1 import exceptions
import testtools

from openstack_idempotency_client.use import Fresh
from openstack_idempotency_client.use import NotSafeError
from openstack_idempotency_client.use import Request
from openstack_idempotency_client.use import Use
from tests.unit.client import wire
from tests.unit.client.cloud import Cloud
from tests.unit.client.sessions import SERVERS
from tests.unit.client.sessions import SessionTest
from tests.unit.client.wire import Gateway
from tests.unit.client.wire import Loss
from tests.unit.client.wire import Spoken

_LOST = (Loss.REQUEST, Loss.ANSWER, Loss.HALF, Gateway(503),
         Spoken(500, "interrupted"))  # fmt: skip


class PromiseTest(SessionTest):
    """What may have run is sent again only after ``retry_safe: true``."""

    def assert_sent_once(self, **options):
        for loss in _LOST:
            self.start(Cloud(losses=(loss,), **options))
            try:
                self.post(raise_exc=False)
            except exceptions.ConnectionError:
                """As without tokens."""
            self.assertEqual(1, len(self.sent()), str(loss))

    def test_operator_does_not_promise(self):
        self.assert_sent_once(retry_safe=False)

    def test_promise_is_no_boolean(self):
        self.assert_sent_once(retry_safe="true")

    def test_cloud_without_tokens(self):
        self.assert_sent_once(knows_tokens=False)

    def test_promise_is_taken_back(self):
        self.start(Cloud(losses=(Loss.ANSWER,)))
        self.carrier.source = TakesBack(self.cloud)
        with testtools.ExpectedException(exceptions.ConnectFailure):
            self.post()
        self.assertEqual(1, len(self.sent()))

    def test_look_up_without_an_answer_is_no_promise(self):
        self.start(Cloud(losses=(Loss.ANSWER,)))
        self.post_lost = [None, *[Gateway(502)] * 3]
        self.cloud.lookup_losses = self.post_lost
        with testtools.ExpectedException(exceptions.ConnectFailure):
            self.post()
        self.assertEqual(1, len(self.sent()))

    def test_look_up_is_asked_again_after_a_loss(self):
        self.start(Cloud(losses=(Loss.ANSWER,)))
        self.cloud.lookup_losses = [None, Loss.REQUEST, Gateway(502)]
        self.assertEqual(202, self.post().status_code)
        self.assertEqual(4, len(self.cloud.look_ups()))

    def test_connection_refused_after_bytes_have_left(self):
        """An earlier try may still run, whatever the later one was."""
        self.start(Cloud(losses=(Loss.REQUEST,)))
        source = Leaves(self.cloud)
        self.carrier.source = source
        with testtools.ExpectedException(exceptions.ConnectFailure):
            self.post()
        self.assertEqual(1, len(self.sent()))

    def test_remembered_token_is_not_sent_without_a_promise(self):
        self.start(Cloud(retry_safe=False))
        self.carrier.source = Remembers()
        with testtools.ExpectedException(NotSafeError):
            self.post()
        self.assertEqual([], self.sent())

    def test_remembered_token_goes_on_counting(self):
        self.carrier.source = Remembers()
        self.post()
        self.assertEqual(["3"], self.attempts())


class ToldTest(SessionTest):
    """What a token's use learns of the end of its request."""

    def ending(self, source):
        self.carrier.source = source
        with testtools.ExpectedException(exceptions.ConnectFailure):
            self.post()
        assert source.given.ending is not None
        return source.given.ending

    def test_no_connection(self):
        nowhere = self.useFixture(wire.Nowhere()).url
        source = self.carrier.source = Keeps()
        with testtools.ExpectedException(exceptions.ConnectFailure):
            self.service(endpoint_override=nowhere).post(SERVERS, json={})
        ending = source.given.ending
        assert ending is not None
        self.assertFalse(ending.outcome.may_have_run)

    def test_no_connection_after_bytes_have_left(self):
        self.start(Cloud(losses=(Loss.REQUEST,)))
        ending = self.ending(Leaves(self.cloud))
        self.assertTrue(ending.outcome.may_have_run)
        self.assertTrue(ending.retry_safe)

    def test_no_answer(self):
        self.start(Cloud(losses=(Loss.ANSWER,) * 3))
        ending = self.ending(Keeps())
        self.assertTrue(ending.outcome.silent)
        self.assertEqual("it was sent 3 times", ending.reason)


class Keeps(Fresh):
    """Gives a token, and keeps its use for the test."""

    def use(self, request):
        self.given = super().use(request)
        return self.given


class TakesBack(Fresh):
    """Gives a token; then the operator takes the promise back."""

    def __init__(self, cloud):
        self.cloud = cloud

    def use(self, request):
        self.cloud.retry_safe = False
        return super().use(request)


class Leaves(Keeps):
    """Gives a token; at the second try, the cloud is gone."""

    def __init__(self, cloud):
        self.cloud = cloud

    def tell(self, text):
        self.cloud.server.shutdown()
        self.cloud.server.server_close()


class Remembers(Fresh):
    """Gives a token that a process sent twice, which is gone."""

    def use(self, request: Request) -> Use:
        return Use(super().use(request).token, attempts=2)
