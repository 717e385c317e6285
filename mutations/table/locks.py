# SPDX-License-Identifier: Apache-2.0
"""Point 1: one stopped worker stops everybody."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import tests
from mutations.table.places import SQL

_STEPS = f"{SQL}/steps.py"
_CONNECTIONS = f"{SQL}/connections.py"

_BY_KEYS = "    unbind(connection, bound(connection, token_id))\n"
_ONE_BY_ONE = """\
        for claim in claims:
            mine = rows.held(claim) & runs
            # One that is locked is being committed: nobody can take it over
            # either, and the next renewal comes in time.
            try:
                self._update_unlocked(mine, renewed, Point.EXTENDING)
            except transaction.Locked:
                locked = True
"""

FAULTS = (
    fault(
        "1.1",
        "our transactions run at REPEATABLE READ, and lock gaps",
        tests(
            "functional.db.test_bystanders",
            "AtStatementsOnMysqlTest.test_nobody_waits_*heartbeat___1_",
        ),
        (
            _CONNECTIONS,
            "SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        ),
    ),
    fault(
        "1.2",
        "what is mostly not there is deleted by another index",
        tests(
            "functional.db.test_bystanders",
            "AtStatementsOnMysqlTest.test_nobody_waits_*rerun___1_",
        ),
        (
            _STEPS,
            _BY_KEYS,
            """\
    mine = RESOURCES.c.token_id == token_id
    connection.execute(sa.delete(RESOURCES).where(mine))
""",
        ),
        (
            _CONNECTIONS,
            "SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        ),
    ),
    fault(
        "1.3",
        "the heartbeat waits for the row of a worker that stopped",
        tests(
            "functional.db.test_races",
            "FrozenOnMysqlTest.test_other_leases_of_its_process_are_renewed",
        ),
        (
            f"{SQL}/claiming.py",
            _ONE_BY_ONE,
            """\
        mine = TOKENS.c.owner.in_([claim.owner for claim in claims])
        self._update(mine, **renewed)
""",
        ),
    ),
    fault(
        "1.4",
        "a takeover waits for a worker that stopped in its commit",
        tests(
            "functional.db.test_races",
            "FrozenOnMysqlTest.test_nobody_waits_to_take_it_over",
        ),
        (
            f"{SQL}/transaction.py",
            "with_for_update(skip_locked=True)",
            "with_for_update()",
        ),
    ),
    fault(
        "1.5",
        "a row that was another request's is deleted while that is slow",
        tests(
            "functional.db.test_store",
            "FreeingOnSqliteTest.test_a_row_that_was_another_s_stays_*",
        ),
        (
            f"{SQL}/settling.py",
            "        if claim.shared or len(use.digests) > 1:",
            "        if len(use.digests) > 1:",
        ),
    ),
)
