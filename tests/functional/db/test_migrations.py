# SPDX-License-Identifier: Apache-2.0
"""Our tables beside Nova's own, in its API database."""

from __future__ import annotations

import pathlib
import typing as ty

from alembic import autogenerate
from alembic.runtime import migration as alembic_migration
from alembic.script import ScriptDirectory
from oslo_db import exception as db_exc
import sqlalchemy as sa

from nova.db.api import models as api_models
from nova.db.idempotency import migration
from nova.db.idempotency import migrations
from nova.db.idempotency import tables
from tests.functional.db import base

_NOVAS_VERSION = "the version of Nova's own tables"


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(pathlib.Path(migrations.__file__).parent))


@base.on_each_backend
class _Migrations(base.EmptyTestCase):
    def _tables(self) -> set[str]:
        return set(sa.inspect(self.engine).get_table_names())

    def _differences(self) -> list[ty.Any]:
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
        self.assertEqual([], self._differences())

    def test_a_difference_would_be_seen(self) -> None:
        migration.db_sync(self.engine)
        with self.engine.begin() as connection:
            drop = "ALTER TABLE client_tokens DROP COLUMN status"
            connection.execute(sa.text(drop))
        (difference,) = self._differences()
        self.assertEqual("add_column", difference[0])

    def test_to_repeat_it_does_nothing(self) -> None:
        migration.db_sync(self.engine)
        with self.engine.begin() as connection:
            self._insert(connection)
        migration.db_sync(self.engine)
        with self.engine.connect() as connection:
            self.assertEqual(1, self._count(connection))
        self.assertEqual([], self._differences())

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
        self.assertEqual([], self._differences())
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
