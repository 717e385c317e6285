# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import itertools

import ddt
import testtools

from openstack_idempotency.protocol import record
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import State

_UNTIL = 1000


@ddt.ddt
class RunsTest(testtools.TestCase):
    def _record(self, state: State) -> Record:
        return Record(
            id=1,
            digest=b"d",
            fingerprint=b"f",
            state=state,
            owner="o",
            linked=True,
            bound=0,
            takeovers=0,
            undo=0,
            roles=frozenset(),
            lease_until=_UNTIL,
            expires_at=0,
            request_id="req-1",
            status=None,
            sealed=None,
        )

    @ddt.data((_UNTIL - 1, True), (_UNTIL, False), (_UNTIL + 1, False))
    @ddt.unpack
    def test_as_long_as_its_lease(self, now: int, runs: bool) -> None:
        self.assertIs(runs, self._record(State.RUNNING).runs(now))

    @ddt.data(State.SUCCEEDED, State.FAILED, State.UNKNOWN)
    def test_never_when_it_has_ended(self, state: State) -> None:
        self.assertFalse(self._record(state).runs(_UNTIL - 1))


class PlaceTest(testtools.TestCase):
    """A sealed answer opens in no row but its own (section 4)."""

    def test_each_token_target_state_and_status_is_another(self) -> None:
        parts = itertools.product(
            (b"digest", b"DIGEST"),
            (b"target", b"TARGET"),
            State,
            (None, 202, 400),
        )
        places = [record.place(*part) for part in parts]
        self.assertEqual(48, len(set(places)))
