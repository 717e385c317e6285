# SPDX-License-Identifier: Apache-2.0
"""Faults of the purge, and of what operators do to tokens by hand."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import tests
from mutations.table.places import LIBRARY
from mutations.table.places import NOVA
from mutations.table.places import SQL

_PURGE = "functional.db.test_purge"
_STOPPED = "functional.db.test_stopped_purge"
_CATALOGUE = "functional.db.test_catalogue"

FAULTS = (
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
            "        own = [key for key in keys if key not in kept]\n",
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
            "        connection.exec_driver_sql("
            "_WAIT_IN_TRANSACTION.format(_BRIEFLY))\n",
            "        assert _WAIT_IN_TRANSACTION\n",
        ),
    ),
    fault(
        "17.8",
        "what is bound by who uses an ended token again is deleted",
        tests(
            _STOPPED,
            "StoppedPurgeOnSqliteTest."
            "test_what_uses_a_token_again_makes_stays_bound",
        ),
        (
            f"{SQL}/purge.py",
            "        gone = [key for key, token in bound.items() if token in "
            "free]\n",
            "        gone = [key for key in bound if free is not None]\n",
        ),
    ),
    fault(
        "17.9",
        "a slow owner brings a token to life that has lost its bindings",
        tests(
            _STOPPED,
            "StoppedPurgeOnSqliteTest."
            "test_a_slow_owner_does_not_promise_what_nobody_finds",
        ),
        (
            f"{SQL}/purge.py",
            "        self._change(ended, tokens, **steps.NOBODYS)\n"
            "        nobodys = sa.and_(ended, TOKENS.c.owner == "
            "steps.NOBODY)\n",
            "        nobodys = ended\n",
        ),
    ),
    fault(
        "17.10",
        "each run of the command looks at all servers",
        tests(
            "functional.test_commands",
            "CommandsOnMysqlTest."
            "test_purge_looks_at_servers_once_nothing_else_is_left",
        ),
        (
            f"{LIBRARY}/commands/purge.py",
            '    if most is None or done["tokens deleted"] < most:\n',
            "    if batch:\n",
        ),
    ),
    fault(
        "17.11",
        "nobody purges where no token comes any more",
        tests(
            "functional.test_chores",
            "FirstRequest.test_one_without_a_token_begins_the_chores",
        ),
        (
            f"{NOVA}/router.py",
            "        self._client_tokens.begin_chores()\n",
            "",
        ),
    ),
    fault(
        "17.12",
        "a token is freed that another request has left in doubt since",
        tests(
            _CATALOGUE, "FreeOnSqliteTest.test_what_nobody_was_asked_about_stays"
        ),
        (
            f"{SQL}/catalogue.py",
            "            columns.takeovers == shown.takeovers,\n"
            "            columns.bound == shown.bound,\n",
            "",
        ),
    ),
    fault(
        "17.13",
        "who asks for what runs is shown what is in doubt",
        tests(
            _CATALOGUE, "EntriesOnSqliteTest.test_by_the_state_that_is_shown"
        ),
        (
            f"{SQL}/catalogue.py",
            "            yield entry.state(columns, self._now) == wanted.state\n",
            "            yield columns.state == wanted.state\n",
        ),
    ),
    fault(
        "17.14",
        "MariaDB scans the table for the tokens of a whole batch",
        tests(
            "functional.db.test_plans",
            "PlansOnMysqlTest.test_nor_does_one_of_a_whole_batch",
        ),
        (
            f"{SQL}/connections.py",
            '    "SESSION eq_range_index_dive_limit = 0 "\n'
            '    "/*M!, SESSION in_predicate_conversion_threshold = 0 */",\n',
            '    "SESSION lock_wait_timeout = 60",\n',
        ),
    ),
    fault(
        "17.15",
        "a walk that fails each time keeps a process from purging",
        tests(
            "unit.library.test_purger",
            "PurgerTest.test_what_fails_keeps_nothing_else_from_its_turn*",
        ),
        (
            f"{SQL}/purger.py",
            "            except Exception as exc:\n"
            "                if failed",
            "            except AssertionError as exc:\n"
            "                if failed",
        ),
    ),
)
