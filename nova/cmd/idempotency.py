# SPDX-License-Identifier: Apache-2.0
"""The command nova-idempotency, for operators."""

from __future__ import annotations

import sys
import typing as ty

from oslo_config import cfg
from oslo_log import log as logging

from nova import config
import nova.conf
from nova.conf import idempotency as options
from nova.db.idempotency import database
from openstack_idempotency.sql import migration

CONF = nova.conf.CONF


def _db_sync() -> int:
    with database.opened() as engine:
        migration.db_sync(engine)
        _say(f"The tables are at version {migration.db_version(engine)}.")
    return 0


def _db_version() -> int:
    with database.opened() as engine:
        _say(migration.db_version(engine) or "none")
    return 0


def _say(text: str) -> None:
    print(text)  # noqa: T201


def _add_commands(subparsers: ty.Any) -> None:
    tables = subparsers.add_parser(
        "db", help="The tables of client tokens in the API database."
    ).add_subparsers(required=True, metavar="{sync,version}")
    sync = tables.add_parser(
        "sync", help="Create the tables, or bring them up to date."
    )
    sync.set_defaults(run=_db_sync)
    version = tables.add_parser(
        "version", help="Print the newest migration that was applied."
    )
    version.set_defaults(run=_db_version)


def main(argv: ty.Sequence[str] | None = None) -> int:
    """Run the command, with Nova's own configuration files.

    :param argv: the command line, without the program's name
    :returns: the exit status
    """
    arguments = sys.argv[1:] if argv is None else argv
    CONF.register_cli_opt(
        cfg.SubCommandOpt("command", handler=_add_commands, dest="command")
    )
    options.register_opts(CONF)
    config.parse_args(["nova-idempotency", *arguments], init_rpc=False)
    # Where nova.conf names no log file, logs go to the terminal, too.
    levels = [*logging.get_default_log_levels(), "alembic=WARN"]
    logging.set_defaults(default_log_levels=levels)
    logging.setup(CONF, "nova")
    try:
        status: int = CONF.command.run()
    except migration.Unusable as exc:
        sys.exit(f"nova-idempotency: the API database cannot be used: {exc}")
    return status
