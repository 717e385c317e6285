# SPDX-License-Identifier: Apache-2.0
"""The commands that make and drop the tables."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.commands import output
from openstack_idempotency.commands.ask import agreed
from openstack_idempotency.commands.service import Service
from openstack_idempotency.sql import migration


def add(subparsers: ty.Any) -> None:
    """Add ``db``.

    :param subparsers: the program's
    """
    tables = subparsers.add_parser(
        "db", help="The tables of client tokens."
    ).add_subparsers(required=True, metavar="{sync,version,drop}")
    for name, run, text in (
        ("sync", _sync, "Create the tables, or bring them up to date."),
        ("version", _version, "Print the newest migration of the tables."),
        ("drop", _drop, "Delete the tables, and all tokens with them."),
    ):
        parser = tables.add_parser(name, help=text)
        parser.set_defaults(run=run, unusable=1)
    parser.add_argument("--yes", action="store_true", help="Do not ask.")


def _sync(service: Service, arguments: ty.Any) -> int:
    with service.opened() as engine:
        migration.db_sync(engine)
        version = migration.db_version(engine)
    output.say(f"The tables are at version {version}.")
    return 0


def _version(service: Service, arguments: ty.Any) -> int:
    with service.opened() as engine:
        output.say(migration.db_version(engine) or "none")
    return 0


def _drop(service: Service, arguments: ty.Any) -> int:
    output.say(
        "All client tokens will be forgotten: a retry of a request that was "
        "sent before runs again. While the API takes tokens, it answers "
        "requests with one with 503. What a withdrawal has left to be undone "
        "stays undone."
    )
    if not agreed(arguments.yes):
        return 1
    with service.opened() as engine:
        migration.db_drop(engine)
    output.say("The tables are gone.")
    return 0
