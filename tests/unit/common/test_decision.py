# SPDX-License-Identifier: Apache-2.0
"""Protocol section 3, as a table."""

from __future__ import annotations

import dataclasses

import hypothesis
from hypothesis import strategies as st
import testtools

from nova.openstack.common.idempotency.decision import decide
from nova.openstack.common.idempotency.decision import Decision
from nova.openstack.common.idempotency.record import Record
from nova.openstack.common.idempotency.record import State

NOW = 1000
MINE = (b"mine", b"mine under the second secret")

_FIRST = Record(
    id=1,
    digest=b"d",
    fingerprint=MINE[0],
    state=State.RUNNING,
    owner="o",
    linked=0,
    lease_until=NOW + 1,
    expires_at=NOW + 1,
    request_id="req-1",
    sealed=None,
)
_DEAD = dataclasses.replace(_FIRST, lease_until=NOW)
_BOUND = dataclasses.replace(_DEAD, linked=1)
_DONE = dataclasses.replace(_DEAD, state=State.SUCCEEDED, sealed=b"s")
_BARE = dataclasses.replace(_DONE, sealed=None)
_ERROR = dataclasses.replace(_DONE, state=State.FAILED)
_LOST = dataclasses.replace(_DEAD, state=State.UNKNOWN)


def _gone(record: Record) -> Record:
    return dataclasses.replace(record, expires_at=NOW)


def _other(record: Record) -> Record:
    return dataclasses.replace(record, fingerprint=b"of another request")


# What the row says; what is done if the operation is linked, and if not.
_TABLE = (
    ("first use", None, Decision.RUN, Decision.RUN),
    ("it runs", _FIRST, Decision.WAIT, Decision.WAIT),
    ("it finished", _DONE, Decision.REPLAY, Decision.REPLAY),
    ("it failed for good", _ERROR, Decision.REPLAY, Decision.REPLAY),
    ("its answer was too large", _BARE, Decision.REBUILD, Decision.REBUILD),
    ("died, nothing came", _DEAD, Decision.RERUN, Decision.RECONCILE),
    ("died, resource there", _BOUND, Decision.RECOVER, Decision.RECONCILE),
    ("outcome unknown", _LOST, Decision.RECONCILE, Decision.RECONCILE),
    ("another runs", _other(_FIRST), Decision.REFUSE, Decision.REFUSE),
    ("another finished", _other(_DONE), Decision.REFUSE, Decision.REFUSE),
    ("another died", _other(_DEAD), Decision.REFUSE, Decision.REFUSE),
    ("another left one", _other(_BOUND), Decision.REFUSE, Decision.REFUSE),
    ("expired", _gone(_DONE), Decision.RERUN, Decision.RERUN),
    ("expired, dead", _gone(_DEAD), Decision.RERUN, Decision.RERUN),
    ("expired, unknown", _gone(_LOST), Decision.RERUN, Decision.RERUN),
    ("expired, another", _gone(_other(_DONE)), Decision.RERUN,
     Decision.RERUN),
    ("runs longer than it lives", _gone(_FIRST), Decision.WAIT,
     Decision.WAIT),
    ("another runs long", _gone(_other(_FIRST)), Decision.REFUSE,
     Decision.REFUSE),
)  # fmt: skip


class TableTest(testtools.TestCase):
    def test_each_row_of_the_table(self) -> None:
        for situation, record, if_linked, if_not in _TABLE:
            for linked, expected in ((True, if_linked), (False, if_not)):
                with self.subTest(situation, linked=linked):
                    found = decide(record, MINE, linked, NOW)
                    self.assertIs(expected, found)

    def test_a_fingerprint_under_any_secret_is_the_same_request(self) -> None:
        for fingerprint in MINE:
            row = dataclasses.replace(_DONE, fingerprint=fingerprint)
            self.assertIs(Decision.REPLAY, decide(row, MINE, True, NOW))


_TIMES = st.integers(NOW - 2, NOW + 2)
_RECORDS = st.builds(
    Record,
    id=st.just(1),
    digest=st.just(b"d"),
    fingerprint=st.sampled_from([*MINE, b"other"]),
    state=st.sampled_from(State),
    owner=st.just("o"),
    linked=st.integers(0, 3),
    lease_until=_TIMES,
    expires_at=_TIMES,
    request_id=st.just("r"),
    sealed=st.sampled_from([None, b"s"]),
)
_RUNS = (Decision.RUN, Decision.RERUN)


class PropertyTest(testtools.TestCase):
    @hypothesis.settings(
        max_examples=500, deadline=None, database=None, derandomize=True
    )
    @hypothesis.given(_RECORDS, st.booleans())
    def test_whatever_the_row_says(self, row: Record, linked: bool) -> None:
        decision = decide(row, MINE, linked, NOW)
        live = row.state is State.RUNNING and row.lease_until > NOW
        expired = row.expires_at <= NOW and not live
        other = row.fingerprint not in MINE
        self.assertIsInstance(decision, Decision)
        if live:
            self.assertIn(decision, (Decision.WAIT, Decision.REFUSE))
        elif decision is Decision.WAIT:
            self.fail("waits for a request that does not run")
        if expired:
            self.assertIs(Decision.RERUN, decision)
            return
        self.assertIs(other, decision is Decision.REFUSE)
        self.assertIsNot(Decision.RUN, decision)
        if not linked or row.linked or row.state is not State.RUNNING:
            self.assertNotIn(decision, _RUNS)
        if decision is Decision.REPLAY:
            self.assertIsNotNone(row.sealed)
        if decision is Decision.RECOVER:
            self.assertGreater(row.linked, 0)
