# SPDX-License-Identifier: Apache-2.0
"""Our tables beside Nova's own, in its API database."""

from __future__ import annotations

import functools
import itertools
import pathlib
import typing as ty

from alembic import autogenerate
from alembic.runtime import migration as alembic_migration
from alembic.script import ScriptDirectory
import ddt
import fixtures
from oslo_db import exception as db_exc
import sqlalchemy as sa

from nova.db.api import models as api_models
from openstack_idempotency import migrations
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import tables
from tests.functional.db import base

# How a connection is asked how long it waits for a table, how it is told, and
# in which unit.
_WAITS = {
    "mysql": (*migration._WAIT, ""),
    "postgresql": ("SHOW lock_timeout", "SET lock_timeout = '{}'", "s"),
}
_NOVAS_VERSION = "the version of Nova's own tables"


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(pathlib.Path(migrations.__file__).parent))


class _MigrationTestCase(base.EmptyTestCase):
    def differences(self) -> list[ty.Any]:
        ours = {*tables.METADATA.tables, migration.VERSION_TABLE}
        with self.engine.connect() as connection:
            context = alembic_migration.MigrationContext.configure(
                connection,
                opts={
                    "compare_type": True,
                    "version_table": migration.VERSION_TABLE,
                    "include_name": lambda name, kind, parents: (
                        kind != "table" or name in ours
                    ),
                },
            )
            return autogenerate.compare_metadata(context, tables.METADATA)


@base.on_each_backend
class _Migrations(_MigrationTestCase):
    def _tables(self) -> set[str]:
        return set(sa.inspect(self.engine).get_table_names())

    def test_before_the_first_there_is_no_version(self) -> None:
        self.assertIsNone(migration.db_version(self.engine))
        self.assertEqual(set(), self._tables())

    def test_an_empty_database_is_brought_to_the_newest(self) -> None:
        migration.db_sync(self.engine)
        (newest,) = _scripts().get_heads()
        self.assertEqual(newest, migration.db_version(self.engine))
        self.assertEqual(
            {*tables.METADATA.tables, migration.VERSION_TABLE},
            self._tables(),
        )

    def test_the_tables_are_as_the_models_say(self) -> None:
        migration.db_sync(self.engine)
        self.assertEqual([], self.differences())

    def test_a_difference_would_be_seen(self) -> None:
        migration.db_sync(self.engine)
        with self.engine.begin() as connection:
            drop = "ALTER TABLE client_tokens DROP COLUMN status"
            connection.execute(sa.text(drop))
        (difference,) = self.differences()
        self.assertEqual("add_column", difference[0])

    def test_to_repeat_it_does_nothing(self) -> None:
        migration.db_sync(self.engine)
        with self.engine.begin() as connection:
            self._insert(connection)
        migration.db_sync(self.engine)
        with self.engine.connect() as connection:
            self.assertEqual(1, self._count(connection))
        self.assertEqual([], self.differences())

    def test_nova_s_own_tables_stay_as_they_are(self) -> None:
        api_models.BASE.metadata.create_all(self.engine)
        with self.engine.begin() as connection:
            version = sa.table("alembic_version", sa.column("version_num"))
            connection.execute(
                sa.text("CREATE TABLE alembic_version (version_num CHAR(64))")
            )
            connection.execute(
                sa.insert(version).values(version_num=_NOVAS_VERSION)
            )
        before = self._reflected()
        migration.db_sync(self.engine)
        after = self._reflected()
        self.assertEqual(before, {name: after[name] for name in before})
        self.assertEqual([], self.differences())
        with self.engine.connect() as connection:
            found = connection.scalar(sa.select(version.c.version_num))
        self.assertEqual(_NOVAS_VERSION, found.strip())

    def test_nova_s_migrations_do_not_know_our_tables(self) -> None:
        self.assertEqual(
            set(),
            set(tables.METADATA.tables) & set(api_models.BASE.metadata.tables),
        )

    def test_a_token_is_unique_for_its_target(self) -> None:
        migration.db_sync(self.engine)
        with self.engine.begin() as connection:
            self._insert(connection)
        with self.engine.connect() as connection:
            self.assertRaises(
                db_exc.DBDuplicateEntry, self._insert, connection
            )

    def _reflected(self) -> dict[str, ty.Any]:
        inspector = sa.inspect(self.engine)
        return {
            name: (
                repr(inspector.get_columns(name)),
                repr(inspector.get_indexes(name)),
                repr(inspector.get_foreign_keys(name)),
            )
            for name in inspector.get_table_names()
        }

    def _insert(self, connection: sa.Connection) -> None:
        table = tables.TOKENS
        values: dict[str, ty.Any] = {}
        for column in table.columns:
            if column.nullable or column.name == "id":
                continue
            kind = column.type.python_type
            values[column.name] = b"x" * 32 if kind is bytes else kind(1)
        connection.execute(sa.insert(table).values(values))

    def _count(self, connection: sa.Connection) -> int | None:
        table = tables.TOKENS
        return connection.scalar(sa.select(sa.func.count()).select_from(table))


class _Died(BaseException):
    """Stands for the end of the command."""


@base.on_each_backend
class _Interrupted(_MigrationTestCase):
    """A run dies before one of its statements that change something."""

    def _die_before(self, number: int) -> bool:
        """Return whether a run came to its statement of that number."""
        done = 0

        def die(
            conn: ty.Any, cursor: ty.Any, statement: str, *rest: ty.Any
        ) -> None:
            nonlocal done
            if statement.lstrip().startswith(("CREATE", "ALTER", "INSERT")):
                done += 1
            if done == number:
                raise _Died

        sa.event.listen(self.engine, "before_cursor_execute", die)
        try:
            migration.db_sync(self.engine)
        except _Died:
            return True
        finally:
            sa.event.remove(self.engine, "before_cursor_execute", die)
        return False

    def _drop(self) -> None:
        metadata = sa.MetaData()
        metadata.reflect(self.engine)
        metadata.drop_all(self.engine)

    def test_the_next_run_goes_on(self) -> None:
        for number in itertools.count(1):
            if not self._die_before(number):
                break
            migration.db_sync(self.engine)
            self.assertEqual([], self.differences(), str(number))
            self._drop()
        # The tables, their indexes, and the version.
        self.assertGreater(number, 5)


@base.on_each_server
class _AtOnce(_MigrationTestCase):
    """Hosts are upgraded at the same time."""

    def test_all_of_them_succeed(self) -> None:
        engines = [sa.create_engine(self.database.url) for _ in range(4)]
        for engine in engines:
            self.addCleanup(engine.dispose)
        base.at_once(
            *(functools.partial(migration.db_sync, e) for e in engines)
        )
        self.assertEqual([], self.differences())
        (newest,) = _scripts().get_heads()
        self.assertEqual(newest, migration.db_version(self.engine))

    def test_one_that_waits_in_vain_says_so(self) -> None:
        name = "openstack_idempotency.sql.migration._PATIENCE"
        self.useFixture(fixtures.MonkeyPatch(name, 1))
        take = {
            "mysql": f"SELECT GET_LOCK('{migration._LOCK_NAME}', 1)",
            "postgresql": f"SELECT pg_advisory_lock({migration._LOCK_NUMBER})",
        }
        other = sa.create_engine(self.database.url, poolclass=sa.NullPool)
        with other.connect() as connection:
            connection.exec_driver_sql(take[self.backend]).all()
            refusal = self.assertRaises(
                migration.Unusable, migration.db_sync, self.engine
            )
        self.assertIn("another 'db sync'", str(refusal))
        migration.db_sync(self.engine)

    def test_it_leaves_the_connection_as_it_was(self) -> None:
        ask, wait, unit = _WAITS[self.backend]
        engine = sa.create_engine(
            self.database.url, pool_size=1, max_overflow=0
        )
        self.addCleanup(engine.dispose)
        asked = f"7{unit}"
        with engine.begin() as connection:
            connection.exec_driver_sql(wait.format(asked))
        migration.db_sync(engine)
        migration.db_drop(engine)
        with engine.connect() as connection:
            found = connection.exec_driver_sql(ask).scalar_one()
        self.assertEqual(asked, str(found))


@base.on_each_backend
@ddt.ddt
class _Unreleased(_MigrationTestCase):
    """Tables of the form from before the first release."""

    @ddt.data("client_tokens", "client_token_resources")
    def test_a_table_is_found(self, name: str) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER)")
        self._assert_refused()

    def test_a_version_is_found(self) -> None:
        migration.db_sync(self.engine)
        with self.engine.begin() as connection:
            version = sa.table(
                migration.VERSION_TABLE, sa.column("version_num")
            )
            old = sa.update(version).values(version_num="5f3c1d8a2b40")
            connection.execute(old)
        self._assert_refused()

    def _assert_refused(self) -> None:
        before = set(sa.inspect(self.engine).get_table_names())
        refusal = self.assertRaises(
            migration.Unusable, migration.db_sync, self.engine
        )
        self.assertIn(
            "Drop the tables client_token_resources, client_tokens, "
            "alembic_version_idempotency",
            str(refusal),
        )
        after = set(sa.inspect(self.engine).get_table_names())
        self.assertEqual(before, after)
