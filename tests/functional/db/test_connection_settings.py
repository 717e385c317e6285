# SPDX-License-Identifier: Apache-2.0
"""What an operator has set on the service's connections."""

from __future__ import annotations

import typing as ty

import ddt
from oslo_config import cfg
from oslo_db import options
import sqlalchemy as sa

from openstack_idempotency import assembly
from openstack_idempotency import opts
from openstack_idempotency.fixture import contract
from tests.functional.db import base
from tests.functional.db.errands import Errands

_OPERATORS = {
    "mysql": (
        "SET SESSION innodb_lock_wait_timeout = 7",
        "SET SESSION tx_isolation = 'SERIALIZABLE'",
    ),
    "postgresql": (
        "SET lock_timeout = '7s'",
        "SET default_transaction_isolation = 'serializable'",
    ),
}
_ASKED = {
    "mysql": "SELECT CONCAT_WS(' ', @@innodb_lock_wait_timeout,"
    " @@tx_isolation, @@sql_mode, @@autocommit)",
    "postgresql": "SELECT current_setting('lock_timeout') || ' ' ||"
    " current_setting('default_transaction_isolation')",
}


@base.on_each_server
class _Settings(base.StoreTestCase):
    """What an operator has set on the service's connections."""

    def setUp(self) -> None:
        super().setUp()
        engine = self.database.engine
        sa.event.listen(engine, "connect", self._set)
        engine.dispose()
        self.addCleanup(engine.dispose)
        self.addCleanup(sa.event.remove, engine, "connect", self._set)

    def _set(self, connection: ty.Any, record: ty.Any) -> None:
        with connection.cursor() as cursor:
            for statement in _OPERATORS[self.backend]:
                cursor.execute(statement)
        connection.commit()

    def _service_s(self) -> str:
        with self.database.engine.connect() as connection:
            found = connection.exec_driver_sql(_ASKED[self.backend])
            return str(found.scalar_one())

    def test_they_stay_as_they_are(self) -> None:
        before = self._service_s()
        self.assertIn("7", before)
        for name in ("second_thoughts", "new_life", "withdrawal"):
            errand = getattr(Errands, name)
            errand(Errands(self, self.store, (contract.ONE,)))()
            self.assertEqual(before, self._service_s(), name)
            self._empty()

    def test_no_statement_of_ours_sets_any_there(self) -> None:
        said: list[str] = []

        def note(
            conn: ty.Any, cursor: ty.Any, statement: str, *rest: ty.Any
        ) -> None:
            said.append(statement)

        engine = self.database.engine
        sa.event.listen(engine, "before_cursor_execute", note)
        self.addCleanup(sa.event.remove, engine, "before_cursor_execute", note)
        Errands(self, self.store, (contract.ONE,)).success()()
        self.assertNotEqual([], said)
        self.assertEqual([], [s for s in said if s.startswith("SET")])


@ddt.ddt
class ModeTest(base.StoreTestCase):
    """MariaDB's SQL mode is that of the service's own connections."""

    backend = "mysql"

    @ddt.data("TRADITIONAL", "ANSI_QUOTES", "")
    def test_it_is_the_one_that_the_operator_has_set(self, mode: str) -> None:
        manager = self.database.connect(mysql_sql_mode=mode)
        conf = cfg.ConfigOpts()
        conf.register_opts(options.database_opts, group="database")
        opts.register_opts(conf)
        conf([], default_config_files=[], default_config_dirs=[])
        conf.set_override("mysql_sql_mode", mode, group="database")
        place = assembly.Place(manager, "database", "h", "sync", "off")
        ours = assembly.store(conf, place).connections
        self.addCleanup(ours.dispose)
        with manager.writer.get_engine().connect() as connection:
            theirs = self._mode(connection)
        with ours.statement() as connection:
            self.assertEqual(theirs, self._mode(connection))
        self.assertIn(mode, theirs)

    def _mode(self, connection: sa.Connection) -> str:
        return str(
            connection.exec_driver_sql("SELECT @@sql_mode").scalar_one()
        )
