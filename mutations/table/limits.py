# SPDX-License-Identifier: Apache-2.0
"""Points 3, 5, 12, 13 and 15: waiting, costs, and secrets that differ."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import tests
from mutations.table.places import ENGINE
from mutations.table.places import LIBRARY
from mutations.table.places import SQL

WAITING = (
    fault(
        "3.1",
        "as many retries wait as come",
        tests(
            "unit.library.test_retries_wait",
            "SeatsTest.test_the_others_are_told_at_once",
        ),
        (
            f"{ENGINE}/waiting.py",
            "            self._taken = self._wanted and self._room.enter()\n",
            "            self._taken = self._wanted\n",
        ),
        (
            f"{ENGINE}/waiting.py",
            "            self._taken = False\n            self._room.leave()\n",
            "            self._taken = False\n",
        ),
    ),
    fault(
        "3.2",
        "a request that has waited keeps the place while it runs",
        tests(
            "unit.library.test_retries_wait",
            "SeatsTest.test_who_runs_in_the_end_does_not_keep_the_place",
        ),
        (
            f"{ENGINE}/engine.py",
            "                seat.leave()\n",
            "",
        ),
    ),
    fault(
        "3.3",
        "retries wait in a process that has one thread",
        tests("functional.test_waiting", "OneAtATime.test_it_is_told_at_once"),
        (
            f"{LIBRARY}/wsgi/incoming.py",
            '        may_wait=bool(req.environ.get("wsgi.multithread", True)),\n',
            "        may_wait=True,\n",
        ),
    ),
    fault(
        "5.1",
        "db sync takes a server without SKIP LOCKED",
        tests(
            "functional.db.test_capability",
            "OlderServerTest.test_db_sync_refuses_and_says_what_is_needed",
        ),
        (
            f"{SQL}/migration.py",
            "        capability.check(connection)\n",
            "",
        ),
    ),
    fault(
        "5.2",
        "the API starts on a server without SKIP LOCKED",
        tests(
            "functional.test_old_servers",
            "OldOnMysql.test_it_refuses_to_start",
        ),
        (
            f"{LIBRARY}/assembly.py",
            "        tokens.probe()\n",
            "        pass\n",
        ),
    ),
    fault(
        "5.3",
        "a server without SKIP LOCKED is not seen at the first connection",
        tests(
            "functional.db.test_capability",
            "OlderServerTest.test_the_store_refuses_at_its_first_connection",
        ),
        (
            f"{SQL}/connections.py",
            "            capability.check(connection)\n",
            "            pass\n",
        ),
    ),
    fault(
        "5.4",
        "the API does not start while the database is out of reach",
        tests(
            "functional.db.test_capability",
            "OutOfReachTest.test_the_probe_says_nothing",
        ),
        (
            f"{SQL}/steps.py",
            "        except Exception as exc:\n",
            "        except AssertionError as exc:\n",
        ),
    ),
)

COSTS = (
    fault(
        "12.1",
        "a refusal costs two round trips more",
        tests(
            "functional.db.test_cost", "CostOnMysqlTest.test_a_refused_request"
        ),
        (
            f"{SQL}/settling.py",
            "        if self._run.statement(delete):\n",
            "        if self._run.transaction(delete):\n",
        ),
    ),
    fault(
        "12.2",
        "connections are rolled back after each use",
        tests("functional.db.test_cost", "CostOnMysqlTest.test_a_replay"),
        (
            f"{SQL}/connections.py",
            "            pool_reset_on_return=None,\n",
            "            pool_pre_ping=True,\n",
        ),
    ),
    fault(
        "12.3",
        "a refused request's row is read once more",
        tests(
            "unit.library.test_engine",
            "FirstUseTest.test_refused_it_costs_a_look_a_claim_and_a_release",
        ),
        (
            f"{ENGINE}/execution.py",
            "        freed = self.parts.store.free(claim, self.use)\n",
            "        self.parts.store.resources(claim.id)\n"
            "        freed = self.parts.store.free(claim, self.use)\n",
        ),
    ),
    fault(
        "13.1",
        "one user may fill the database",
        tests("unit.library.test_states", "StatesTest.test_too_many"),
        (
            f"{ENGINE}/attempt.py",
            "        self._allowance.check(self._use.scope)\n",
            "",
        ),
    ),
    fault(
        "13.2",
        "tokens are counted at each claim",
        tests(
            "unit.library.test_allowance",
            "AllowanceTest.test_it_is_counted_at_intervals_not_at_each_claim",
        ),
        (
            f"{ENGINE}/allowance.py",
            "            if account.uncounted < self._every:\n",
            "            if account.uncounted < 1:\n",
        ),
    ),
    fault(
        "13.3",
        "a known token is refused to a user who has too many",
        tests(
            "unit.library.test_states",
            "StatesTest.test_too_many_does_not_hinder_a_known_token",
        ),
        (
            f"{ENGINE}/engine.py",
            "            decision = attempt.look()\n",
            "            decision = attempt.look()\n"
            "            self._allowance.check(request.scope)\n",
        ),
        (
            f"{ENGINE}/engine.py",
            "            reply = self._answer(attempt, seat)\n",
            "            reply = self._answer(attempt, seat, request)\n",
        ),
        (
            f"{ENGINE}/engine.py",
            "    def _answer(self, attempt: Attempt, seat: Seat) -> Reply:\n",
            "    def _answer(self, attempt, seat, request):\n",
        ),
    ),
    fault(
        "13.4",
        "each refusal leaves a row",
        tests(
            "functional.db.test_cost", "CostOnMysqlTest.test_a_refused_request"
        ),
        (
            f"{SQL}/settling.py",
            "            freed = self._delete(claim)\n",
            "            freed = self._expire(claim)\n",
        ),
    ),
)

SECRETS = (
    fault(
        "15.1",
        "a host with another secret is not found",
        tests(
            "functional.test_secrets_that_differ",
            "DifferOnSqlite.test_a_host_with_another_secret_is_named",
        ),
        (
            f"{SQL}/strangers.py",
            "        for stranger in self._tokens.strangers():\n",
            "        for stranger in ():\n",
        ),
    ),
    fault(
        "15.2",
        "a row does not say with which secret it is keyed",
        tests(
            "functional.test_secrets_that_differ",
            "DifferOnSqlite.test_each_of_the_two_finds_the_other",
        ),
        (
            f"{LIBRARY}/assembly.py",
            "        key_ids=tuple(digest.key_id(secret) for secret in "
            "secrets),\n",
            '        key_ids=("",) * len(secrets),\n',
        ),
    ),
    fault(
        "15.3",
        "a row's aliases are taken for those of a strange host",
        tests(
            "functional.db.test_watching",
            "WatchingOnSqliteTest.test_a_host_that_lists_one_more_is_none",
        ),
        (
            f"{SQL}/watching.py",
            "        return sa.and_(sa.or_(*gaps), TOKENS.c.alias_of.is_(None))"
            "\n",
            "        return sa.or_(*gaps)\n",
        ),
    ),
    fault(
        "15.4",
        "living rows of a secret that is not listed are not told of",
        tests(
            "functional.test_secrets_that_differ",
            "DifferOnSqlite.test_living_tokens_of_a_secret_that_was_taken_out",
        ),
        (
            f"{SQL}/strangers.py",
            "        if foreign != self._foreign:\n",
            "        if foreign is None:\n",
        ),
    ),
)
