# SPDX-License-Identifier: Apache-2.0
"""Point 2 on Galera: what a node that lags behind reads decides."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import tests
from mutations.table.places import ENGINE
from mutations.table.places import SQL

FAULTS = (
    fault(
        "2.20",
        "a clean-up leaves the token's row as it is: no fence on Galera",
        tests(
            "functional.db.test_stale_reads",
            "FencesOnMysqlTest.test_so_does_a_clean_up_of_what_is_not_bound",
        ),
        (
            f"{SQL}/binding.py",
            'values(rows.FENCE | {"bound": TOKENS.c.bound + ',
            'values({"bound": TOKENS.c.bound + ',
        ),
    ),
    fault(
        "2.21",
        "what is noted as undone is all that there is",
        tests(
            "functional.db.test_store",
            "UndoneOnSqliteTest.test_only_what_is_undone_is_noted",
        ),
        (
            f"{SQL}/withdrawing.py",
            "sorted(pending.intersection(keys))",
            "sorted(pending)",
        ),
    ),
    fault(
        "2.22",
        "a binding that cannot be read yet is taken for a lost answer",
        tests(
            "functional.db.test_stale_reads",
            "StaleReadsOnMysqlTest."
            "test_what_a_dead_worker_made_is_not_taken_for_lost",
        ),
        (
            f"{ENGINE}/recovery.py",
            "        if len(resources) < row.bound:\n",
            "        if len(resources) < 0:\n",
        ),
    ),
    fault(
        "2.23",
        "what is not known to be undone is taken for undone",
        tests(
            "functional.db.test_stale_reads",
            "StaleReadsOnMysqlTest."
            "test_what_was_withdrawn_is_not_taken_for_undone",
        ),
        (
            f"{ENGINE}/execution.py",
            "        if left:\n",
            "        if left is None:\n",
        ),
    ),
    fault(
        "2.24",
        "a fence that a node which lags behind stopped keeps its token",
        tests(
            "unit.library.test_taken_over",
            "NotTakenOverTest.test_the_next_try_runs_at_once_*",
        ),
        (
            f"{ENGINE}/execution.py",
            "            return self._stopped(claim)\n",
            "            return Settled.LOST\n",
        ),
    ),
    fault(
        "2.25",
        "db sync on two nodes at once fails on what the other one makes",
        tests("galera.test_tables", "Tables.test_all_runs_succeed"),
        (
            f"{SQL}/migration.py",
            "_MET = (1050, 1061, 1062, 1213, 1684)\n",
            "_MET = ()\n",
        ),
    ),
)
