# SPDX-License-Identifier: Apache-2.0
"""Protocol section 3 for each operation that is not linked: dead workers.

What a retry gets depends on what Nova has recorded of the first request, and
never is it run again.
"""

from __future__ import annotations

import inspect
import re
import typing as ty

import testtools

from nova.compute import api as compute_api
from nova.conductor import manager as conductor
from nova.idempotency import operations
from nova.idempotency.operations import Operation
from openstack_idempotency.engine.points import Point
from testing.nova import releases
from testing.nova import samples
from testing.nova.sample import Sample
from tests.functional.operations import aftermath
from tests.functional.operations import recorder

_NOT_LINKED = [
    row
    for row in releases.OPERATIONS
    if row.left_out is None and row.kind is None
]
# Their answers name what Nova records nowhere.
_LOST = ("createBackup", "createImage", "/servers/{server_id}/os-interface")
# These end before the API answers: begun only, they may end in any way.
_ENDS_FIRST = ("lock", "unlock", "/servers/{server_id}/os-interface")
# Of these the API writes down that they have finished, and no event.
_FINISHES = ("os-resetState",)


class Evidence(aftermath.Aftermath):
    """What each operation's retry gets, by what Nova has recorded.

    There is one test for each row of the table, made below.
    """

    def check(self, row: Operation) -> None:
        sample = samples.SAMPLES[row.path, row.action]
        self.prepare(sample)
        self.request = (sample.path(row), sample.body)
        self.check_nothing_recorded()
        if row.evidence is None:
            self.check_none()
            return
        if row.action in _FINISHES:
            self.check_finishes()
            return
        self.check_events({row.path, row.action or ""})

    def prepare(self, sample: Sample) -> None:
        self.api.microversion = sample.version
        self.server(**sample.server)
        if sample.given is not None:
            sample.given(self)

    def check_nothing_recorded(self) -> None:
        self.left_by_a_dead_worker(
            Point.BEFORE_METHOD, lambda: self.post(*self.request, "nothing")
        )
        self.assert_unknown(self.retry(*self.request, "nothing"))

    def check_none(self) -> None:
        self.asked(*self.request)
        for _ in range(2):
            self.assert_unknown(self.retry(*self.request))

    def check_finishes(self) -> None:
        first, recorded = self.asked(*self.request)
        self.assert_accepted(first, self.retry(*self.request))
        recorded.forget()
        self.answer_is_lost()
        self.assert_unknown(self.retry(*self.request))

    def check_events(self, row: set[str]) -> None:
        first, recorded = self.asked(*self.request)
        event = self.first_event(recorded)

        def accepted(answer: ty.Any) -> None:
            if row.intersection(_LOST):
                self.assert_lost(answer)
            else:
                self.assert_accepted(first, answer)

        recorded.forget()
        self.assert_unknown(self.retry(*self.request))
        recorded.begin(event)
        begun = self.retry(*self.request)
        if row.intersection(_ENDS_FIRST):
            self.assert_unknown(begun)
        else:
            accepted(begun)
        self.answer_is_lost()
        recorded.end(event)
        accepted(self.retry(*self.request))
        accepted(self.retry(*self.request))
        self.answer_is_lost()
        recorded.fail(event)
        for _ in range(2):
            self.assert_failed(self.retry(*self.request))

    def first_event(self, recorded: recorder.Recorder) -> str:
        """Return the first event of what was done: the API's own, or next."""
        for event in recorded.events():
            return event
        kinds = ("cast ", "call ")
        sent = [did for did in self.effects.taken() if did.startswith(kinds)]
        return recorder.event_of(sent[-1].split()[1])


class Names(testtools.TestCase):
    """The table speaks of events that Nova records."""

    def test_each_event_is_one_of_nova_s(self) -> None:
        known = recorder.decorated()
        self.assertIn("compute_stop_instance", known)
        source = inspect.getsource(conductor) + inspect.getsource(compute_api)
        for event in {
            event
            for row in operations.OPERATIONS
            for event in (row.evidence.events if row.evidence else ())
        } - known:
            # Conductor names it, or a function inside the API's method.
            inner = f"""@wrap_instance_event(prefix='api')
        def {event.removeprefix("api_")}("""
            self.assertTrue(f"'{event}'" in source or inner in source, event)

    def test_only_what_is_not_linked_has_evidence(self) -> None:
        for row in operations.OPERATIONS:
            other = row.kind is not None or row.left_out is not None
            self.assertFalse(other and row.evidence, row)
            self.assertFalse(row.accepted and not row.evidence, row)


def _add_test(row: Operation) -> None:
    def test(self: Evidence) -> None:
        self.check(row)

    words = re.findall(r"[a-zA-Z_]+", f"{row.path} {row.action or ''}")
    name = "_".join(["test", *words])
    test.__name__ = name
    setattr(Evidence, name, test)


for _row in _NOT_LINKED:
    if (_row.path, _row.action) in samples.SAMPLES:
        _add_test(_row)
