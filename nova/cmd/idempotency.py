# SPDX-License-Identifier: Apache-2.0
"""The command nova-idempotency, for operators."""

from __future__ import annotations

import sys
import typing as ty

from oslo_config import cfg
from oslo_db import exception as db_exc
from oslo_log import log as logging

from nova import config
import nova.conf
from nova.conf import idempotency as options
from nova.db.api import api as api_db
from nova.db.idempotency import migration

CONF = nova.conf.CONF


def _db_sync() -> int:
    migration.db_sync(api_db.get_engine())
    return 0


def _db_version() -> int:
    print(migration.db_version(api_db.get_engine()) or "none")  # noqa: T201
    return 0


def _add_commands(subparsers: ty.Any) -> None:
    database = subparsers.add_parser(
        "db", help="The tables of client tokens in the API database."
    ).add_subparsers(required=True, metavar="{sync,version}")
    sync = database.add_parser(
        "sync", help="Create the tables, or bring them up to date."
    )
    sync.set_defaults(run=_db_sync)
    version = database.add_parser(
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
    logging.setup(CONF, "nova")
    try:
        status: int = CONF.command.run()
    except (db_exc.DBError, db_exc.CantStartEngineError) as exc:
        reason = str(exc).partition("\n")[0]
        print(  # noqa: T201
            f"nova-idempotency: the API database cannot be used: {reason}\n"
            "Check [api_database] connection in nova.conf, or name the file "
            "with --config-file.",
            file=sys.stderr,
        )
        return 1
    return status
