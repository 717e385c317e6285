# SPDX-License-Identifier: Apache-2.0
"""The command nova-idempotency, for operators."""

from __future__ import annotations

import importlib.metadata
import sys
import typing as ty

from oslo_config import cfg

from nova import config
import nova.conf
from nova.conf import idempotency as options
from nova.db.idempotency import database
from nova.db.idempotency import kinds
from nova.idempotency import presence
from openstack_idempotency.assembly import Place
from openstack_idempotency.commands import commands
from openstack_idempotency.commands.service import Service

CONF = nova.conf.CONF

# Commands that are not part of a Nova that carries us in its own tree.
_COMMANDS = "nova.idempotency.command"


def _place() -> Place:
    return database.place(CONF.host, presence.turn_off())


def _turned_on() -> bool | None:
    return presence.turned_on(CONF)


SERVICE: ty.Final = Service(
    name="nova",
    program="nova-idempotency",
    conf=CONF,
    place=_place,
    opened=database.opened,
    kinds=kinds.ALL,
    turned_on=_turned_on,
)


def _add(subparsers: ty.Any) -> None:
    commands.add(subparsers)
    for command in importlib.metadata.entry_points(group=_COMMANDS):
        command.load()(subparsers)


def main(argv: ty.Sequence[str] | None = None) -> int:
    """Run the command, with Nova's own configuration files.

    :param argv: the command line, without the program's name
    :returns: the exit status
    """
    arguments = sys.argv[1:] if argv is None else argv
    CONF.register_cli_opt(
        cfg.SubCommandOpt("command", handler=_add, title="commands")
    )
    options.register_opts(CONF)
    commands.give_up_soon(CONF, "api_database")
    try:
        config.parse_args([SERVICE.program, *arguments], init_rpc=False)
    except cfg.Error as exc:
        # A file that is missing, or that nobody can parse.
        print(f"{SERVICE.program}: {exc}", file=sys.stderr)  # noqa: T201
        return commands.UNCONFIGURED
    commands.log_as("nova", CONF)
    return commands.run(SERVICE)
