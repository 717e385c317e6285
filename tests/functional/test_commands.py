# SPDX-License-Identifier: Apache-2.0
"""The operators' command on a table that is in use, on both servers."""

from __future__ import annotations

import json
import signal
import subprocess

import sqlalchemy as sa

from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import State
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import purge
from openstack_idempotency.sql.tables import COUNTERS
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS
from tests.functional import commanding
from tests.functional.commanding import SECRET


@commanding.on_each_server
class _Commands(commanding.Commanding):
    """Each of them as a process of its own."""

    def test_the_tables_and_the_checks(self) -> None:
        failed = json.loads(self.ran(2, "upgrade", "check", "--json").stdout)
        results = {one["check"]: one for one in failed["checks"]}
        self.assertIn("db sync", results["Tables"]["details"])
        self.assertEqual(0, results["Client tokens turned on"]["result"])
        self.assertEqual(0, results["Options"]["result"])
        refused = self.ran(1, "list")
        self.assertIn("nova-idempotency db sync", refused.stderr)
        self.ran(0, "db", "sync")
        self.ran(0, "upgrade", "check")
        self.put(host="there", key_id="another")
        said = self.ran(2, "upgrade", "check").stdout
        told = " ".join(said.replace("|", " ").split())
        for words in ("there (another)", "1 of another"):
            self.assertIn(words, told)
        self.assertIn("--yes", self.ran(1, "db", "drop").stderr)
        self.assertEqual(1, self.count())
        self.ran(0, "db", "drop", "--yes")
        self.assertEqual([], sa.inspect(self.engine).get_table_names())

    def test_purge(self) -> None:
        self.mappings()
        migration.db_sync(self.engine)
        past = self.now - purge.KEPT - 60_000
        self.put(5, expires_at=past)
        self.put(expires_at=past - 86_400_000)
        self.put()
        self.put(lasting=True, expires_at=FOREVER, answer_until=past)
        self.assertIn("6 tokens", self.ran(0, "purge", "--dry-run").stdout)
        self.assertEqual(8, self.count())
        day_before = "--before", "1999-01-01"
        self.ran(1, "purge", *day_before)  # it takes the old answer
        self.ran(0, "purge", *day_before)
        told = self.ran(1, "purge", "--max_rows", "3", "--verbose").stdout
        self.assertRegex(told, r"tokens deleted +\| 3")
        self.assertEqual(5, self.count())
        self.ran(1, "purge", "--until-complete", "--max_rows", "1")
        self.assertEqual(2, self.count())
        self.ran(0, "purge")
        self.ran(2, "purge", "--max_rows", "0")
        self.ran(2, "show", "99999999999999999999")
        for date in ("soon", ""):
            refused = self.ran(4, "purge", "--before", date).stderr
            self.assertIn("2026-11-25", refused)

    def test_a_purge_that_is_killed_leaves_nothing_by_halves(self) -> None:
        self.mappings()
        migration.db_sync(self.engine)
        ended = self.put(400, bound=1, expires_at=self.now - 2 * purge.KEPT)
        living = self.put(2, bound=1)
        for key in ended + living:
            self.bind(key, f"server-{key}")
        complete = "purge", "--until-complete"
        for _ in range(2):
            left = self.count()
            with subprocess.Popen(self.command(*complete)) as command:
                while self.count() == left:
                    self.assertIsNone(command.poll())
                command.kill()
            self.assertEqual(-signal.SIGKILL, command.returncode)
            self.assertLess(2, self.count())
            self.assertEqual([], self.promised_in_vain())
        self.ran(1, *complete)
        with self.engine.connect() as connection:
            for column in (TOKENS.c.id, RESOURCES.c.token_id):
                self.assertEqual(living, [*connection.scalars(
                    sa.select(column).order_by(column)
                )])  # fmt: skip

    def promised_in_vain(self) -> list[int]:
        """Return the tokens that name more than is bound to them."""
        bound = sa.select(sa.func.count()).select_from(RESOURCES)
        bound = bound.where(RESOURCES.c.token_id == TOKENS.c.id)
        query = sa.select(TOKENS.c.id)
        query = query.where(TOKENS.c.bound > bound.scalar_subquery())
        with self.engine.connect() as connection:
            return [*connection.scalars(query)]

    def test_purge_looks_at_servers_once_nothing_else_is_left(self) -> None:
        self.mappings()
        migration.db_sync(self.engine)
        self.put(3, expires_at=self.now - purge.KEPT - 60_000)
        self.put(lasting=True, expires_at=FOREVER)
        for marked in (0, 1):
            self.ran(1, "purge", "--max_rows", "2")
            with self.engine.connect() as connection:
                query = sa.select(sa.func.count(TOKENS.c.gone_at))
                self.assertEqual(marked, connection.scalar(query))
        self.ran(0, "purge")

    def test_purge_passes_over_what_is_locked(self) -> None:
        self.mappings()
        migration.db_sync(self.engine)
        first, *_ = self.put(5, expires_at=self.now - purge.KEPT - 60_000)
        with self.engine.connect() as other:
            locked = sa.select(TOKENS.c.id).where(TOKENS.c.id == first)
            other.execute(locked.with_for_update())
            done = self.ran(1, "purge", "--until-complete")
        self.assertIn("run it again later", done.stderr)
        self.assertEqual(1, self.count())
        self.ran(1, "purge")
        self.assertEqual(0, self.count())

    def test_list_show_and_release(self) -> None:
        migration.db_sync(self.engine)
        (done,) = self.put(bound=1, request_id="req-done")
        self.bind(done, "server-1")
        (doubt,) = self.put(
            state=State.UNKNOWN.value, user_id="u2", status=None, sealed=None
        )
        self.put(alias_of=b"a" * 32)
        found = json.loads(self.ran(0, "list", "--format", "json").stdout)
        self.assertEqual([doubt, done], [one["number"] for one in found])
        self.assertEqual("in-doubt", found[0]["state"])
        by_resource = "list", "--resource", "server-1", "--project", "p1"
        told = self.ran(0, *by_resource).stdout
        self.assertIn("server server-1", told)
        self.assertNotIn("in-doubt", told)
        shown = self.ran(0, "show", str(done)).stdout
        self.assertIn("req-done", shown)
        self.assertNotIn("the answer", shown)
        self.ran(1, "show", "4711")
        refused = self.ran(1, "release", str(done), "--yes").stderr
        self.assertIn("not in doubt but succeeded", refused)
        asked = self.ran(1, "release", str(doubt))
        self.assertIn("the next request with it runs", asked.stdout)
        self.ran(0, "release", str(doubt), "--yes")
        refused = self.ran(1, "release", str(doubt), "--yes").stderr
        self.assertIn("not in doubt but free", refused)

    def test_stats(self) -> None:
        migration.db_sync(self.engine)
        past = self.now - purge.KEPT - 60_000
        self.put(3, expires_at=past)
        self.ran(1, "purge")
        self.put(key_id="another", host="there")
        self.put(
            state=State.RUNNING.value, expires_at=self.now - 60_000,
            created_at=past,
        )  # fmt: skip
        self.put(alias_of=b"a" * 32)
        boot = "POST /servers"
        with self.engine.begin() as connection:
            for state, count in (("replayed", 2), ("running", 1),
                                 ("different", 4)):  # fmt: skip
                connection.execute(
                    sa.insert(COUNTERS).values(
                        host="there", operation=boot, state=state, count=count
                    )
                )
        key = digest.key_id(SECRET.encode())
        told = json.loads(self.ran(0, "stats", "--format", "json").stdout)
        self.assertLess(59, told.pop("oldest_expired_seconds"))
        tokens = [tuple(one.values()) for one in told.pop("tokens")]
        self.assertEqual(
            [("free", "ended", 1), ("succeeded", "lives", 1)], tokens
        )
        outcomes = {tuple(one.values()) for one in told.pop("outcomes")}
        self.assertEqual(
            {
                ("here", "", "purged", 3),
                ("there", boot, "replayed", 2),
                ("there", boot, "running", 1),
                ("there", boot, "different", 4),
            },
            outcomes,
        )
        secrets = {tuple(one.values()) for one in told.pop("secrets")}
        self.assertEqual({(key, True, 0), ("another", False, 1)}, secrets)
        self.assertEqual({"duplicates_prevented": 3, "refused": 4}, told)
        told = self.ran(0, "stats").stdout
        self.assertRegex(told, r"duplicates_prevented +\| 3 ")
        self.assertRegex(told, r"\| here +\| +\| purged +\| 3 ")
        told = self.ran(0, "stats", "--format", "prometheus").stdout
        for line in (
            '{life="lives",state="succeeded"} 1.0',
            '_outcomes_total{host="here",operation="",state="purged"} 3.0',
            f'_duplicates_prevented_total{{host="there",operation="{boot}"}}'
            " 3.0",
            '_young{key_id="another",known="false"} 1.0',
        ):
            series = f"openstack_nova_client_tokens{line}"
            self.assertIn(series, told.splitlines())
