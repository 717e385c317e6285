# SPDX-License-Identifier: Apache-2.0
"""Point 14, from a to n."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import Simulated
from mutations.fault import tests
from mutations.table.places import ENGINE
from mutations.table.places import LIBRARY
from mutations.table.places import PROTOCOL
from mutations.table.places import SQL

_RUN_AGAIN = (
    f"{PROTOCOL}/decision.py",
    "        and record.linked\n        and not record.bound\n",
    "        and not record.bound\n",
)
_LEASE_STAYS = (
    f"{ENGINE}/execution.py",
    """\
        except BaseException:
            with contextlib.suppress(errors.Unavailable):
                self.parts.store.abandon(claim)
            raise
""",
    """\
        except Exception:
            with contextlib.suppress(errors.Unavailable):
                self.parts.store.abandon(claim)
            raise
""",
)

FAULTS = (
    fault(
        "14a",
        "how long the service waits for locks is changed",
        tests(
            "functional.db.test_connection_settings",
            "SettingsOnMysqlTest.test_they_stay_as_they_are",
        ),
        (
            f"{SQL}/binding.py",
            "    if connection.execute(_FENCE, values).rowcount != 1:\n",
            '    if connection.dialect.name == "mysql":\n'
            "        connection.exec_driver_sql(\n"
            '            "SET SESSION innodb_lock_wait_timeout = DEFAULT"\n'
            "        )\n"
            "    if connection.execute(_FENCE, values).rowcount != 1:\n",
        ),
    ),
    fault(
        "14b",
        "a database out of reach is tried for more than a minute",
        tests(
            "functional.db.test_out_of_reach",
            "VanishedTest.test_a_new_connection_is_given_up_in_time",
        ),
        (f"{SQL}/transaction.py", "_DEADLINE = 4.0\n", "_DEADLINE = 600.0\n"),
    ),
    fault(
        "14c",
        "a db sync that died between two tables can never run again",
        tests(
            "functional.db.test_migrations",
            "InterruptedOnMysqlTest.test_the_next_run_goes_on",
        ),
        (
            "migrations/versions/8c2e4f6a1d35_client_tokens.py",
            "        table.create(connection, checkfirst=True)\n",
            "        table.create(connection, checkfirst=False)\n",
        ),
    ),
    fault(
        "14d",
        "two db syncs at once collide",
        tests(
            "functional.db.test_migrations",
            "AtOnceOnMysqlTest.test_all_of_them_succeed",
        ),
        (
            f"{SQL}/migration.py",
            '    alone = {"mysql": _on_connection, '
            '"postgresql": _in_transaction}\n',
            "    alone: dict[str, ty.Any] = {}\n",
        ),
    ),
    fault(
        "14e",
        "a sealed answer opens in another row of the same token",
        tests(
            "unit.library.test_record",
            "PlaceTest.test_each_token_target_state_and_status_is_another",
        ),
        (
            f"{PROTOCOL}/record.py",
            'b"\\n".join((digest, target, ',
            'b"\\n".join((digest, ',
        ),
    ),
    fault(
        "14f",
        "an operation that became linked in an upgrade is run again",
        tests(
            "unit.library.test_crash",
            "LinkedTest.test_an_operation_that_was_not_linked_then_is_not_"
            "run_again",
        ),
        _RUN_AGAIN,
    ),
    fault("14f", "the same, simulated", Simulated(), _RUN_AGAIN),
    fault(
        "14g",
        "an error without chained_exception becomes an AttributeError",
        tests(
            "functional.db.test_conflicts",
            "CommitsOnSqliteTest.test_comes_through_as_it_is_*",
        ),
        (
            f"{SQL}/handlers.py",
            "    if claim and conflicted(context.original_exception):\n",
            "    if claim and conflicted(context.chained_exception):\n",
        ),
    ),
    fault(
        "14h",
        "MariaDB's innodb_snapshot_isolation makes a 500",
        tests(
            "functional.db.test_conflicts",
            "SnapshotIsolationTest.test_the_request_is_told_to_come_again",
        ),
        (
            f"{SQL}/handlers.py",
            '_CONFLICTS = (1213, 1205, 1020, "40P01", "40001")\n',
            '_CONFLICTS = (1213, 1205, "40P01", "40001")\n',
        ),
    ),
    fault(
        "14i",
        "PostgreSQL at SERIALIZABLE makes a 500",
        tests(
            "functional.db.test_conflicts",
            "SerializableTest.test_the_request_is_told_to_come_again",
        ),
        (
            f"{SQL}/handlers.py",
            '_CONFLICTS = (1213, 1205, 1020, "40P01", "40001")\n',
            '_CONFLICTS = (1213, 1205, 1020, "40P01")\n',
        ),
    ),
    fault(
        "14j",
        "our statements run at the isolation that an operator has set",
        tests(
            "functional.db.test_connections",
            "OurOwnOnPostgresqlTest.test_whatever_the_operator_s_default_is",
        ),
        (
            f"{SQL}/connections.py",
            '    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; "\n',
            "",
        ),
        (
            f"{SQL}/connections.py",
            '        "BEGIN ISOLATION LEVEL READ COMMITTED",\n',
            '        "BEGIN",\n',
        ),
    ),
    fault(
        "14k",
        "a secret of one repeated letter is taken",
        tests("unit.test_conf", "CheckTest.test_a_secret_of_few_characters_*"),
        (
            f"{LIBRARY}/opts.py",
            "MIN_DIFFERENT_CHARS = 8\n",
            "MIN_DIFFERENT_CHARS = 1\n",
        ),
    ),
    fault(
        "14l",
        "a dollar in a secret gets no clear message",
        tests("unit.test_conf", "DollarTest.test_in_nova_conf_*"),
        (
            f"{LIBRARY}/opts.py",
            '        if any("$" in secret for secret in found[0]):\n',
            "        if False:\n",
        ),
    ),
    fault(
        "14m",
        "the lease stays when the worker is told to exit",
        tests(
            "unit.library.test_unsettled",
            "LeaseEndsTest.test_linked_the_next_try_runs_at_once_*",
        ),
        _LEASE_STAYS,
    ),
    fault("14m", "the same, simulated", Simulated(), _LEASE_STAYS),
    fault(
        "14n",
        "a method without a request fails at its first call, not when it is "
        "decorated",
        tests(
            "unit.library.test_idempotent_forms",
            "FormsTest.test_a_method_without_a_request_is_refused_at_once",
        ),
        (
            f"{LIBRARY}/decorator.py",
            "    raise TypeError(\n",
            "    return _REQUEST_NAMES[0], sys.maxsize\n    raise TypeError(\n",
        ),
    ),
)
