# SPDX-License-Identifier: Apache-2.0
"""Faults of what operators rely on: life, purge, look-up and counters."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import Simulated
from mutations.fault import tests
from mutations.table.places import ENGINE
from mutations.table.places import LIBRARY
from mutations.table.places import NOVA
from mutations.table.places import PROTOCOL
from mutations.table.places import SQL

_PURGE = "functional.db.test_purge"

LIFE = (
    fault(
        "16.1",
        "the token of a living server ends",
        tests(
            _PURGE, "WalkOnSqliteTest.test_it_lives_as_long_as_the_last_one"
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
        tests(_PURGE, "WalkOnSqliteTest.test_what_comes_back_unmarks_it"),
        (
            f"{SQL}/purge.py",
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
        tests(_PURGE, "WalkOnSqliteTest.test_one_that_runs_is_left_alone"),
        (
            f"{SQL}/purge.py",
            "        where = sa.and_(TOKENS.c.lasting == sa.true(), idle, "
            "where)\n",
            "        where = sa.and_(TOKENS.c.lasting == sa.true(), where)\n",
        ),
    ),
)

PURGE = (
    fault(
        "17.1",
        "a slow former owner looks for a row that is purged already",
        tests(
            _PURGE,
            "PurgeOnSqliteTest.test_an_ended_one_is_kept_an_hour_longer",
        ),
        (
            f"{SQL}/purge.py",
            "            columns.expires_at < self._now - KEPT,\n",
            "            columns.expires_at < self._now,\n",
        ),
    ),
    fault(
        "17.2",
        "what is to be undone is forgotten",
        tests(
            _PURGE, "PurgeOnSqliteTest.test_one_with_something_to_undo_stays"
        ),
        (
            f"{SQL}/purge.py",
            "            columns.undo == 0,\n",
            "",
        ),
    ),
    fault(
        "17.3",
        "a purge waits for a row that is locked",
        tests(_PURGE, "LockedOnMysqlTest.test_nobody_waits"),
        (
            f"{SQL}/unlocked.py",
            "with_for_update(skip_locked=True)",
            "with_for_update()",
        ),
    ),
    fault(
        "17.4",
        "an alias leads to a row that is gone",
        tests(
            _PURGE,
            "LockedOnMysqlTest.test_one_whose_alias_is_locked_stays_whole",
        ),
        (
            f"{SQL}/purge.py",
            "        own = [key for key in keys if key not in aliased]\n",
            "        own = keys\n",
        ),
    ),
    fault(
        "17.5",
        "a purge by command ends at the first row that is locked",
        tests(
            "functional.test_commands",
            "CommandsOnMysqlTest.test_purge_passes_over_what_is_locked",
        ),
        (
            f"{LIBRARY}/commands/purge.py",
            "        if found.done == len(found.chosen) < limit:\n",
            "        if found.done < limit:\n",
        ),
    ),
    fault(
        "17.6",
        "withdrawals that cannot be undone keep others from their turn",
        tests(
            "functional.test_chores",
            "ChoresTest.test_each_withdrawal_has_its_turn_and_another_one",
        ),
        (
            f"{NOVA}/chores.py",
            "        self._undone_to = after or 0\n",
            "",
        ),
    ),
    fault(
        "17.7",
        "everybody waits for tables that are being dropped",
        tests(
            "functional.db.test_drop",
            "InUseOnPostgresqlTest."
            "test_it_is_given_up_and_nobody_waits_for_long",
        ),
        (
            f"{SQL}/migration.py",
            "    connection.exec_driver_sql(wait.format(f\"{_BRIEFLY}{unit}\"))\n",
            "    assert unit is not None\n",
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
        tests("functional.test_lookup", "Refused.test_a_query_that_is_none"),
        (
            f"{NOVA}/lookup_schema.py",
            '        "wait": parameter_types.single_param(_DIGITS),\n',
            '        "wait": parameter_types.single_param(\n'
            "            parameter_types.non_negative_integer\n"
            "        ),\n",
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

FAULTS = (*LIFE, *PURGE, *LOOKUP, *COUNTERS)
