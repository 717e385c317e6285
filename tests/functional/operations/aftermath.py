# SPDX-License-Identifier: Apache-2.0
"""A request whose worker died, and what its retry gets."""

from __future__ import annotations

import typing as ty

from nova import context
from nova import objects
from nova.conductor import manager as conductor
from openstack_idempotency.protocol.answer import Verdict
from testing.nova import cloud
from tests.functional.operations import recorder

_SECRETS = ("adminPass",)
_EACH_ITS_OWN = {
    "content-length",
    "date",
    "idempotent-replayed",
    "x-client-token-expires",
    "x-client-token-request-id",
    "x-client-token-state",
    "x-compute-request-id",
    "x-openstack-request-id",
}


class Aftermath(cloud.Cloud):
    """A cloud in which workers die, and the retries that follow.

    Here nova-conductor attaches volumes as it does, since it is the one that
    records it.
    """

    def setUp(self) -> None:
        super().setUp()
        self.effects.answers["attach_volume"] = self.attach_volume

    def attach_volume(self, ctxt: ty.Any, **kwargs: ty.Any) -> ty.Any:
        """Run nova-conductor's method; a message to nova-compute ends."""
        if "bdm" in kwargs:
            return None
        with context.target_cell(ctxt, self.cell_mappings["cell1"]) as cell:
            manager = conductor.ComputeTaskManager()
            return manager.attach_volume(cell, **kwargs)

    def asked(
        self, path: str, body: ty.Any
    ) -> tuple[ty.Any, recorder.Recorder]:
        """Send a request, and return its answer and what is recorded."""
        answer = self.post(path, body, "t")
        self.assertLess(answer.status_code, 300, answer.content)
        request_id = answer.headers["x-openstack-request-id"]
        self.answer_is_lost()
        return answer, recorder.Recorder(self, request_id)

    def answer_is_lost(self) -> None:
        """Leave what a worker leaves that dies before it stores an answer."""
        self.change(state="running", sealed=None, status=None, lease_until=0)

    def retry(self, path: str, body: ty.Any, token: str = "t") -> ty.Any:
        """Send the request again: it must have no effect."""
        self.effects.taken()
        answer = self.post(path, body, token)
        self.assertEqual([], self.effects.taken())
        return answer

    def destroy(self) -> None:
        """Delete the server, as nova-compute does."""
        with self.in_the_cell() as targeted:
            objects.Instance.get_by_uuid(targeted, cloud.SERVER).destroy()

    def assert_unknown(self, answer: ty.Any) -> None:
        self.assert_fault(answer, 409, "unknown")
        self.assert_of_an_earlier(answer, Verdict.UNKNOWN)

    def assert_failed(self, answer: ty.Any) -> None:
        self.assert_fault(answer, 500, "token failed")
        self.assert_of_an_earlier(answer, Verdict.FAILED)
        self.assertEqual("true", answer.headers["Idempotent-Replayed"])

    def assert_lost(self, answer: ty.Any) -> None:
        self.assert_fault(answer, 409, "not available any more")
        self.assert_of_an_earlier(answer, Verdict.ANSWER_LOST)

    def assert_accepted(self, first: ty.Any, again: ty.Any) -> None:
        """Assert that it is the first answer, but for its secrets."""
        self.assertEqual(first.status_code, again.status_code, again.content)
        self.assertEqual(_lasting(first), _lasting(again))
        self.assertEqual(_headers(first), _headers(again))
        self.assertEqual("true", again.headers["Idempotent-Replayed"])
        earlier = first.headers["x-openstack-request-id"]
        self.assert_of_an_earlier(again, Verdict.REBUILT, earlier)
        # By which the server's events are found.
        self.assertEqual(earlier, again.headers["x-compute-request-id"])

    def assert_of_an_earlier(
        self, answer: ty.Any, state: Verdict, earlier: str | None = None
    ) -> None:
        """Assert what an answer tells of the request that it speaks of."""
        told = answer.headers["X-Client-Token-Request-Id"]
        self.assertEqual(earlier or told, told)
        self.assertNotEqual(answer.headers["x-openstack-request-id"], told)
        self.assertEqual(state.value, answer.headers["X-Client-Token-State"])
        self.assertNotIn("Retry-After", answer.headers)


def _headers(answer: ty.Any) -> dict[str, str]:
    return {
        name.lower(): value
        for name, value in answer.headers.items()
        if name.lower() not in _EACH_ITS_OWN
    }


def _lasting(answer: ty.Any) -> ty.Any:
    if not answer.content:
        return answer.content
    body = answer.json()
    shown = (body, *(v for v in body.values() if isinstance(v, dict)))
    for secret in _SECRETS:
        for part in shown:
            part.pop(secret, None)
    return body
