# SPDX-License-Identifier: Apache-2.0
"""What a record of Nova's tells of a request whose worker died."""

from __future__ import annotations

import dataclasses

import testtools

from nova.idempotency import actions
from nova.idempotency.traces import Event
from nova.idempotency.traces import InstanceAction
from nova.idempotency.traces import judge
from nova.idempotency.traces import Recorded
from openstack_idempotency.protocol.evidence import Evidence

_STOP = actions.STOP
_BEGUN = Event("compute_stop_instance", None)
_DONE = Event("compute_stop_instance", "Success")
_BROKEN = Event("compute_stop_instance", "Error")


def _of(expected: InstanceAction, *events: Event, **fields) -> Recorded:
    return Recorded(1, expected.name, events=events, **fields)


class JudgeTest(testtools.TestCase):
    def assert_tells(
        self,
        evidence: Evidence,
        found: Recorded | None,
        expected: InstanceAction = _STOP,
    ) -> None:
        self.assertIs(evidence, judge(expected, found))

    def test_no_record_tells_nothing(self) -> None:
        self.assert_tells(Evidence.NONE, None)

    def test_without_an_event_the_message_may_be_lost(self) -> None:
        self.assert_tells(Evidence.NONE, _of(_STOP))

    def test_begun_it_is_under_way(self) -> None:
        self.assert_tells(Evidence.UNDER_WAY, _of(_STOP, _BEGUN))

    def test_ended_well_it_is_done(self) -> None:
        self.assert_tells(Evidence.UNDER_WAY, _of(_STOP, _DONE))

    def test_an_error_is_a_failure_whatever_else_went_well(self) -> None:
        later = Event("compute_finish_resize", "Error")
        self.assert_tells(Evidence.FAILED, _of(_STOP, _BROKEN))
        self.assert_tells(Evidence.FAILED, _of(_STOP, _DONE, later))
        self.assert_tells(Evidence.FAILED, _of(_STOP, later))
        self.assert_tells(Evidence.FAILED, _of(_STOP, _DONE, failed=True))

    def test_another_action_of_the_same_request_tells_nothing(self) -> None:
        found = dataclasses.replace(_of(_STOP, _DONE), name="confirmResize")
        self.assert_tells(Evidence.NONE, found)

    def test_an_event_of_something_else_tells_nothing(self) -> None:
        other = Event("compute_reboot_instance", "Success")
        self.assert_tells(Evidence.NONE, _of(_STOP, other))

    def test_what_the_api_does_itself_ends_with_its_worker(self) -> None:
        for result, evidence in (
            (None, Evidence.NONE),
            ("Success", Evidence.UNDER_WAY),
            ("Error", Evidence.FAILED),
        ):
            found = _of(actions.LOCK, Event("api_lock", result))
            self.assert_tells(evidence, found, actions.LOCK)

    def test_what_the_api_waits_for_may_still_be_refused(self) -> None:
        expected = actions.ATTACH_INTERFACE
        for result, evidence in (
            (None, Evidence.NONE),
            ("Success", Evidence.UNDER_WAY),
            ("Error", Evidence.FAILED),
        ):
            found = _of(expected, Event("compute_attach_interface", result))
            self.assert_tells(evidence, found, expected)

    def test_an_image_of_volumes_is_made_after_its_event(self) -> None:
        snapshots = Event("api_snapshot_instance", "Success")
        found = _of(actions.CREATE_IMAGE, snapshots)
        self.assert_tells(Evidence.NONE, found, actions.CREATE_IMAGE)

    def test_an_action_may_be_marked_as_finished(self) -> None:
        expected = actions.RESET_STATE
        self.assert_tells(Evidence.NONE, _of(expected), expected)
        found = _of(expected, finished=True)
        self.assert_tells(Evidence.UNDER_WAY, found, expected)

    def test_a_server_that_is_gone_is_deleted(self) -> None:
        found = _of(actions.DELETE, gone=True)
        self.assert_tells(Evidence.UNDER_WAY, found, actions.DELETE)
        self.assert_tells(Evidence.NONE, _of(actions.DELETE), actions.DELETE)
        self.assert_tells(Evidence.NONE, _of(_STOP, gone=True))
