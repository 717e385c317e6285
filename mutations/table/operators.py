# SPDX-License-Identifier: Apache-2.0
"""Faults of what operators rely on: life, purge, look-up and counters."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import Simulated
from mutations.fault import tests
from mutations.table import purging
from mutations.table.places import ENGINE
from mutations.table.places import LIBRARY
from mutations.table.places import NOVA
from mutations.table.places import PROTOCOL
from mutations.table.places import SQL

_PURGE = "functional.db.test_purge"
_WALK = "functional.db.test_walk"

LIFE = (
    fault(
        "16.1",
        "the token of a living server ends",
        tests(
            _WALK, "WalkOnSqliteTest.test_it_lives_as_long_as_the_last_one"
        ),
        (
            f"{SQL}/steps.py",
            "        return FOREVER if use.lasting else self._end_unsettled\n",
            "        return self._end_unsettled\n",
        ),
    ),
    fault(
        "16.1",
        "the token of a living server ends, in the simulator",
        Simulated(mutation="short-life"),
    ),
    fault(
        "16.2",
        "the token of a restored server ends",
        tests(_WALK, "WalkOnSqliteTest.test_what_comes_back_unmarks_it"),
        (
            f"{SQL}/walking.py",
            "            [key for key in alive if found[key] is not None],\n",
            "            [],\n",
        ),
    ),
    fault(
        "16.3",
        "a sealed answer stays as long as its server",
        tests(
            _PURGE, "StripOnSqliteTest.test_the_answer_goes_and_the_row_stays"
        ),
        (
            f"{SQL}/purge.py",
            "        due = TOKENS.c.answer_until <= self._now\n",
            "        due = sa.false()\n",
        ),
    ),
    fault(
        "16.4",
        "a token is taken for one whose servers are gone while it runs",
        tests(_WALK, "WalkOnSqliteTest.test_one_that_runs_is_left_alone"),
        (
            f"{SQL}/walking.py",
            "        where = sa.and_(TOKENS.c.lasting == sa.true(), idle, "
            "where)\n",
            "        where = sa.and_(TOKENS.c.lasting == sa.true(), where)\n",
        ),
    ),
)

LOOKUP = (
    fault(
        "18.1",
        "a look-up lists the tokens of other users",
        tests(
            "functional.db.test_looking",
            "LookingOnSqliteTest.test_each_scope_has_its_own_list",
        ),
        (
            f"{SQL}/looking.py",
            "            columns.user_id == caller.user_id,\n",
            "",
        ),
    ),
    fault(
        "18.2",
        "a look-up lists tokens that have ended",
        tests(
            "functional.db.test_looking",
            "LookingOnSqliteTest.test_what_has_ended_is_not_listed",
        ),
        (
            f"{SQL}/looking.py",
            "            columns.expires_at > self._now,\n",
            "",
        ),
    ),
    fault(
        "18.3",
        "a look-up tells somebody without the first one's roles",
        tests("unit.library.test_lookup", "StandingTest.test_each_state_*"),
        (
            f"{PROTOCOL}/standing.py",
            "    if roles is not None and not record.roles <= roles:\n",
            "    if roles is None and not record.roles:\n",
        ),
    ),
    fault(
        "18.4",
        "look-ups wait besides the retries that may",
        tests(
            "unit.library.test_lookup",
            "LookupTest.test_it_shares_the_places_of_retries",
        ),
        (
            f"{ENGINE}/lookup.py",
            "clock.monotonic() >= deadline or not seat.take():\n",
            "clock.monotonic() >= deadline:\n",
        ),
    ),
    fault(
        "18.5",
        "a wait of thousands of digits is an unexpected error",
        tests(
            "functional.test_lookup_refused",
            "Refused.test_a_query_that_is_none",
        ),
        (
            f"{NOVA}/lookup_schema.py",
            '        "wait": parameter_types.single_param(_DIGITS),\n',
            '        "wait": parameter_types.single_param(\n'
            "            parameter_types.non_negative_integer\n"
            "        ),\n",
        ),
    ),
    fault(
        "18.6",
        "a crowd of look-ups comes back each second",
        tests(
            "functional.test_lookup_waiting",
            "Waits.test_the_more_look_the_later_they_come_back",
        ),
        (
            f"{LIBRARY}/wsgi/lookup.py",
            'return {"Retry-After": str(self.lookup.pause())} if running',
            "return dict(AGAIN) if running",
        ),
    ),
)

COUNTERS = (
    fault(
        "19.1",
        "what cannot be written down is not counted",
        tests(
            "unit.library.test_counters",
            "CountersTest.test_what_cannot_be_written_is_kept",
        ),
        (
            f"{ENGINE}/counting.py",
            "            self._counters.give_back(left)\n",
            "            assert left is not None\n",
        ),
    ),
    fault(
        "19.2",
        "what was written down is counted again",
        tests(
            "unit.library.test_counters",
            "CountersTest.test_what_is_taken_is_counted_once",
        ),
        (
            f"{ENGINE}/counters.py",
            "            tally, self._tally = self._tally, "
            "collections.Counter()\n",
            "            tally = self._tally\n",
        ),
    ),
    fault(
        "19.3",
        "one process's numbers replace those of another",
        tests(
            "functional.db.test_counters",
            "CountersOnSqliteTest."
            "test_numbers_are_added_up_by_host_operation_and_state",
        ),
        (
            f"{SQL}/counters.py",
            '    total = COUNTERS.c["count"] + row["count"]\n',
            '    total = row["count"]\n',
        ),
    ),
    fault(
        "19.4",
        "a retry that took a token over is no duplicate prevented",
        tests(
            "unit.library.test_counters",
            "CountersTest.test_what_is_made_of_them",
        ),
        (
            f"{ENGINE}/counters.py",
            "(Verdict.REPLAYED, Verdict.RUNNING, Verdict.TAKEN_OVER)\n",
            "(Verdict.REPLAYED, Verdict.RUNNING)\n",
        ),
    ),
    fault(
        "19.5",
        "the numbers of a process's last minute are lost",
        tests("unit.library.test_counters", "EndTest.test_at_exit"),
        (
            f"{ENGINE}/periodic.py",
            "            atexit.register(self.last)\n",
            "            pass\n",
        ),
    ),
)

FAULTS = (*LIFE, *purging.FAULTS, *LOOKUP, *COUNTERS)
