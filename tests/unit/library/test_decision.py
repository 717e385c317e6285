# SPDX-License-Identifier: Apache-2.0
"""Protocol section 3, as a table."""

from __future__ import annotations

import dataclasses
import typing as ty

import ddt
import hypothesis
from hypothesis import strategies as st
import testtools

from openstack_idempotency.protocol import decision
from openstack_idempotency.protocol.decision import Asked
from openstack_idempotency.protocol.decision import decide
from openstack_idempotency.protocol.decision import Decision
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import State

NOW = 1_000_000_000
LIFE = 3_600_000
MINE = (b"mine", b"mine under the second secret")
ROLES = frozenset({"member", "reader"})

_FIRST = Record(
    id=1,
    digest=b"d",
    fingerprint=MINE[0],
    state=State.RUNNING,
    owner="o",
    linked=True,
    bound=0,
    takeovers=0,
    undo=0,
    roles=ROLES,
    lease_until=NOW + 1,
    expires_at=NOW + 1,
    request_id="req-1",
    status=None,
    sealed=None,
)
_DEAD = dataclasses.replace(_FIRST, lease_until=NOW)
_BOUND = dataclasses.replace(_DEAD, bound=1)
_WITHDRAWN = dataclasses.replace(_DEAD, undo=1)
_DONE = dataclasses.replace(_DEAD, state=State.SUCCEEDED, sealed=b"s")
_BARE = dataclasses.replace(_DONE, sealed=None)
_ERROR = dataclasses.replace(_DONE, state=State.FAILED)
_LOST = dataclasses.replace(_DEAD, state=State.UNKNOWN)


def _gone(record: Record) -> Record:
    # So long that no clock of a client's could be that far ahead.
    return dataclasses.replace(record, expires_at=NOW - decision.MAX_AHEAD)


def _other(record: Record) -> Record:
    return dataclasses.replace(record, fingerprint=b"of another request")


class _Row(ty.NamedTuple):
    """What the row of a token says, and what is done then.

    :param if_linked: where the row says that the operation binds
    :param if_not: where it says that it does not
    """

    situation: str
    record: Record | None
    if_linked: Decision
    if_not: Decision


_WAIT, _RERUN, _REPLAY = Decision.WAIT, Decision.RERUN, Decision.REPLAY
_DIFFERENT, _REBUILD = Decision.DIFFERENT, Decision.REBUILD
_RECONCILE = Decision.RECONCILE

_TABLE = (
    _Row("first use", None, Decision.RUN, Decision.RUN),
    _Row("it runs", _FIRST, _WAIT, _WAIT),
    _Row("it finished", _DONE, _REPLAY, _REPLAY),
    _Row("it failed for good", _ERROR, _REPLAY, _REPLAY),
    _Row("its answer was too large", _BARE, _REBUILD, _REBUILD),
    _Row("died, nothing came", _DEAD, _RERUN, _RECONCILE),
    _Row("withdrawn, not undone", _WITHDRAWN, _RERUN, _RECONCILE),
    _Row("died, resource there", _BOUND, Decision.RECOVER, _RECONCILE),
    _Row("outcome unknown", _LOST, _RECONCILE, _RECONCILE),
    _Row("another runs", _other(_FIRST), _DIFFERENT, _DIFFERENT),
    _Row("another finished", _other(_DONE), _DIFFERENT, _DIFFERENT),
    _Row("another died", _other(_DEAD), _DIFFERENT, _DIFFERENT),
    _Row("another left one", _other(_BOUND), _DIFFERENT, _DIFFERENT),
    _Row("expired", _gone(_DONE), _RERUN, _RERUN),
    _Row("expired, dead", _gone(_DEAD), _RERUN, _RERUN),
    _Row("expired, bound", _gone(_BOUND), _RERUN, _RERUN),
    _Row("expired, unknown", _gone(_LOST), _RERUN, _RERUN),
    _Row("expired, another", _gone(_other(_DONE)), _RERUN, _RERUN),
    _Row("runs longer than it lives", _gone(_FIRST), _WAIT, _WAIT),
    _Row("another runs long", _gone(_other(_FIRST)), _DIFFERENT, _DIFFERENT),
)
# They tell nothing of a first request, and settle none.
_OPEN_TO_ALL = (Decision.RUN, Decision.RERUN, Decision.DIFFERENT)


class _Case(ty.NamedTuple):
    situation: str
    record: Record | None
    expected: Decision


def _cases() -> ty.Iterator[_Case]:
    for situation, record, *expected in _TABLE:
        for linked, found in zip((True, False), expected, strict=True):
            row = record and dataclasses.replace(record, linked=linked)
            yield _Case(situation, row, found)


def _decide(record: Record | None, **asked: ty.Any) -> Decision:
    given = Asked(**({"fingerprints": MINE, "roles": ROLES} | asked))
    return decide(record, given, NOW, LIFE)


@ddt.ddt
class TableTest(testtools.TestCase):
    @ddt.data(*((case,) for case in _cases()))
    @ddt.unpack
    def test_each_row_of_the_table(self, case: _Case) -> None:
        self.assertIs(case.expected, _decide(case.record), case.situation)

    @ddt.data(*((case,) for case in _cases()))
    @ddt.unpack
    def test_each_row_where_the_caller_lacks_a_role(self, case: _Case) -> None:
        found = _decide(case.record, roles=frozenset({"reader"}))
        open_ = case.expected in _OPEN_TO_ALL
        expected = case.expected if open_ else Decision.FORBIDDEN
        self.assertIs(expected, found, case.situation)

    @ddt.data(*MINE)
    def test_a_fingerprint_under_any_secret_is_the_same_request(
        self, fingerprint: bytes
    ) -> None:
        row = dataclasses.replace(_DONE, fingerprint=fingerprint)
        self.assertIs(_REPLAY, _decide(row))

    def test_further_roles_do_not_count(self) -> None:
        roles = ROLES | {"admin", "service"}
        self.assertIs(_REPLAY, _decide(_DONE, roles=roles))

    def test_a_different_request_is_told_so_whatever_its_roles(self) -> None:
        found = _decide(_other(_DONE), roles=frozenset())
        self.assertIs(_DIFFERENT, found)


_OLDEST = NOW - LIFE
_NEWEST = NOW + decision.MAX_AHEAD


@ddt.ddt
class AgeTest(testtools.TestCase):
    """Tokens that tell when they were made: protocol section 6."""

    @ddt.data(
        (_OLDEST - 1, Decision.EXPIRED, Decision.EXPIRED),
        (_OLDEST, Decision.RUN, Decision.RERUN),
        (NOW, Decision.RUN, Decision.RERUN),
        (_NEWEST, Decision.RUN, Decision.RERUN),
        (_NEWEST + 1, Decision.FROM_THE_FUTURE, Decision.FROM_THE_FUTURE),
    )
    @ddt.unpack
    def test_one_that_is_not_known_any_more(
        self, born: int, new: Decision, not_purged: Decision
    ) -> None:
        found = (_decide(None, born=born), _decide(_gone(_DONE), born=born))
        self.assertEqual((new, not_purged), found)

    @ddt.data(*((case,) for case in _cases() if case.record))
    @ddt.unpack
    def test_the_age_of_one_with_a_living_row_does_not_count(
        self, case: _Case
    ) -> None:
        expected = case.expected
        if case.situation.startswith("expired"):
            expected = Decision.EXPIRED  # it has none
        found = _decide(case.record, born=0)
        self.assertIs(expected, found, case.situation)


_TIMES = st.integers(NOW - 2, NOW + 2)
_RECORDS = st.builds(
    Record,
    id=st.just(1),
    digest=st.just(b"d"),
    fingerprint=st.sampled_from([*MINE, b"other"]),
    state=st.sampled_from(State),
    owner=st.just("o"),
    linked=st.booleans(),
    bound=st.integers(0, 3),
    takeovers=st.integers(0, 3),
    undo=st.integers(0, 3),
    roles=st.frozensets(st.sampled_from(["member", "admin"])),
    lease_until=_TIMES,
    expires_at=_TIMES,
    request_id=st.just("r"),
    status=st.sampled_from([None, 202, 500]),
    sealed=st.sampled_from([None, b"s"]),
    answer_until=st.none() | _TIMES,
)
_RUNS = (Decision.RUN, Decision.RERUN)
_NEVER = (Decision.RUN, Decision.EXPIRED, Decision.FROM_THE_FUTURE)


class LastingTest(testtools.TestCase):
    """Tokens that live as long as what they made: protocol section 6."""

    _SERVER = dataclasses.replace(
        _DONE, bound=1, expires_at=FOREVER, answer_until=NOW + 1
    )

    def test_its_answer_is_kept_for_a_time(self) -> None:
        self.assertIs(Decision.REPLAY, _decide(self._SERVER))

    def test_after_that_it_is_rebuilt_whether_it_is_purged_or_not(
        self,
    ) -> None:
        late = dataclasses.replace(self._SERVER, answer_until=NOW)
        purged = dataclasses.replace(late, sealed=None, answer_until=None)
        for row in (late, purged):
            self.assertIs(Decision.REBUILD, _decide(row))
            # However old the token says that it is.
            self.assertIs(Decision.REBUILD, _decide(row, born=0))

    def test_when_it_ends_is_told_not_too_late(self) -> None:
        row = self._SERVER
        self.assertEqual(NOW + 1, row.lives_until(NOW, LIFE))
        self.assertEqual(NOW + 1 + LIFE, row.lives_until(NOW + 1, LIFE))
        marked = dataclasses.replace(row, expires_at=NOW + 5)
        self.assertEqual(NOW + 5, marked.lives_until(NOW, LIFE))


class PropertyTest(testtools.TestCase):
    @hypothesis.settings(
        max_examples=1000, deadline=None, database=None, derandomize=True
    )
    @hypothesis.given(_RECORDS)
    def test_whatever_the_row_says(self, row: Record) -> None:
        found = _decide(row)
        live = row.state is State.RUNNING and row.lease_until > NOW
        expired = row.expires_at <= NOW and not live
        if expired:
            self.assertIs(Decision.RERUN, found)
            return
        self.assertIs(row.fingerprint not in MINE, found is Decision.DIFFERENT)
        self.assertNotIn(found, _NEVER)
        self.assertIn(
            found is Decision.WAIT,
            (False, live),
            "waits for a request that does not run",
        )
        if live:
            self.assertNotIn(found, _RUNS)
        if not row.linked or row.bound or row.state is not State.RUNNING:
            self.assertNotIn(found, _RUNS)
        if not row.roles <= ROLES and found is not Decision.FORBIDDEN:
            self.assertIn(found, _OPEN_TO_ALL)
        if found is Decision.REPLAY:
            self.assertIsNotNone(row.sealed)
            self.assertGreater(row.answer_until or FOREVER, NOW)
        if found is Decision.RECOVER:
            self.assertGreater(row.bound, 0)
