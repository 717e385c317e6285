# SPDX-License-Identifier: Apache-2.0
"""The operators' command on a table that is in use, on both servers."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as ty

import fixtures
import sqlalchemy as sa
import testtools

from embedded import paste
from nova.db.idempotency import kinds
from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import State
from openstack_idempotency.sql import clock
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import purge
from openstack_idempotency.sql.tables import COUNTERS
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS
from testing import databases

_COMMAND = "nova-idempotency"
_SECRET = "of tests only: 0123456789 0123456789"
_CONF = """\
[DEFAULT]
host = here
[api_database]
max_retries = 0
connection = {url}
[idempotency]
secret = {secret}
purge_batch = 2
[wsgi]
api_paste_config = {paste}
"""
_TTL = 86_400_000

if ty.TYPE_CHECKING:
    _Mixin = testtools.TestCase
else:
    _Mixin = object


class Commands(_Mixin):
    """Each of them as a process of its own."""

    backend: str

    def setUp(self) -> None:
        super().setUp()
        missing = databases.missing(self.backend)
        if missing:
            self.skipTest(missing)
        self.url = self.useFixture(databases.ServerDatabase(self.backend)).url
        self.engine = sa.create_engine(self.url)
        self.addCleanup(self.engine.dispose)
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        pipelines = paste.installed()
        paste.turn_on(pipelines)
        (self.folder / "api-paste.ini").write_text(paste.text(pipelines))
        (self.folder / "nova.conf").write_text(
            _CONF.format(
                url=self.url,
                secret=_SECRET,
                paste=self.folder / "api-paste.ini",
            )
        )

    def ran(
        self, status: int, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command, which ends with a status; return its output."""
        command = os.path.join(os.path.dirname(sys.executable), _COMMAND)
        conf = str(self.folder / "nova.conf")
        done = subprocess.run(
            [command, "--config-file", conf, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        self.assertEqual(status, done.returncode, said)
        self.assertNotIn("Traceback", said)
        self.assertNotIn(_SECRET, said)
        return done

    def put(self, count: int = 1, **values: object) -> list[int]:
        """Insert tokens; return their keys."""
        row = {
            "target_digest": b"t" * 32, "fingerprint": b"f" * 32,
            "key_id": digest.key_id(_SECRET.encode()), "host": "here",
            "project_id": "p1", "user_id": "u1", "target": "POST /servers",
            "version": "2.90", "roles": "[]", "state": "succeeded",
            "linked": True, "bound": 0, "takeovers": 0, "undo": 0, "fence": 0,
            "owner": "o", "request_id": "req-1", "lease_until": 0,
            "created_at": self.now, "expires_at": self.now + _TTL,
            "lasting": False, "status": 202, "sealed": b"the answer",
        } | values  # fmt: skip
        keys = []
        with self.engine.begin() as connection:
            for _ in range(count):
                insert = sa.insert(TOKENS).values(
                    row | {"token_digest": os.urandom(32)}
                )
                made: ty.Any = connection.execute(insert)
                keys.append(made.inserted_primary_key[0])
        return keys

    @property
    def now(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(sa.select(clock.now())) or 0)

    def count(self) -> int:
        with self.engine.connect() as connection:
            query = sa.select(sa.func.count()).select_from(TOKENS)
            return int(connection.scalar(query) or 0)

    def bind(self, key: int, server: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                sa.insert(RESOURCES).values(
                    token_id=key, kind="server", resource_id=server,
                    row_key="1",
                )
            )  # fmt: skip

    def mappings(self) -> None:
        """Make the one table of Nova's that says which servers there are."""
        model = kinds.SERVER.model.__table__
        columns = [
            sa.Column(one.name, one.type, primary_key=one.primary_key)
            for one in model.columns
        ]
        with self.engine.begin() as connection:
            sa.Table(model.name, sa.MetaData(), *columns).create(connection)

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
        self.assertIn(
            "2026-11-25", self.ran(2, "purge", "--before", "soon").stderr
        )

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
        key = digest.key_id(_SECRET.encode())
        told = json.loads(self.ran(0, "stats", "--format", "json").stdout)
        self.assertLess(59, told.pop("oldest_expired_seconds"))
        tokens = [tuple(one.values()) for one in told.pop("tokens")]
        self.assertEqual(
            [("running", "ended", 1), ("succeeded", "lives", 1)], tokens
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


for _backend in ("mysql", "postgresql"):
    _name = f"CommandsOn{_backend.capitalize()}Test"
    globals()[_name] = type(
        _name,
        (Commands, testtools.TestCase),
        {"backend": _backend, "__module__": __name__},
    )
