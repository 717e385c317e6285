# SPDX-License-Identifier: Apache-2.0
"""The commands that list and show tokens: never a token, never a body."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.commands import output
from openstack_idempotency.commands.service import Service
from openstack_idempotency.sql.entry import Entry
from openstack_idempotency.sql.entry import STATES
from openstack_idempotency.sql.entry import Wanted

_HEADER = ("number", "created", "target", "state", "status", "project",
           "user", "request", "resources")  # fmt: skip
_FOUND, _NONE = 0, 1


def add(subparsers: ty.Any) -> None:
    """Add ``list`` and ``show``.

    :param subparsers: the program's
    """
    parser = subparsers.add_parser("list", help="List tokens, newest first.")
    parser.set_defaults(run=_list, unusable=1)
    for name, text in (
        ("project", "The id of a project."),
        ("user", "The id of a user."),
        ("request", "The id of the request that ran."),
        ("resource", "The id of a resource that a request made."),
    ):
        parser.add_argument(
            f"--{name}", dest=_kept(name), metavar="ID", help=text
        )
    parser.add_argument("--state", dest=_kept("state"), choices=STATES)
    for name in ("older", "younger"):
        parser.add_argument(f"--{name}", dest=_kept(name), metavar="AGE",
                            type=output.age_of,
                            help=f"First used {name} than this: 90s, 15m, 2h "
                            "or 3d ago.")  # fmt: skip
    parser.add_argument("--limit", type=output.number_of, metavar="NUMBER",
                        default=100, help="The most to print.")  # fmt: skip
    output.add_format(parser)
    parser = subparsers.add_parser("show", help="Show one token.")
    parser.set_defaults(run=_show, unusable=1)
    parser.add_argument(
        "number", type=output.number_of, help="Its number in the list."
    )
    output.add_format(parser)


def _kept(name: str) -> str:
    """Return where oslo.config keeps an argument.

    It refuses a name that is also an option or a group of the service:
    Keystone has groups with most of these names.

    :param name: the argument's
    """
    return f"wanted_{name}"


def _list(service: Service, arguments: ty.Any) -> int:
    names = ("project", "user", "request", "resource", "state", "older",
             "younger")  # fmt: skip
    asked = {name: getattr(arguments, _kept(name)) for name in names}
    kinds = tuple(kind.name for kind in service.kinds)
    with service.tokens() as tokens:
        wanted = Wanted(**asked, kinds=kinds)
        found = tokens.entries(wanted, arguments.limit)
    rows = [cells(entry) for entry in found]
    if arguments.format == "json":
        output.as_json(rows)
    else:
        for row in rows:
            row["resources"] = ", ".join(
                f"{one['kind']} {one['id']}" for one in row["resources"]
            )
        output.as_table(_HEADER, rows)
    return _FOUND


def _show(service: Service, arguments: ty.Any) -> int:
    with service.tokens() as tokens:
        found = tokens.entries(Wanted(number=arguments.number), 1)
    if not found:
        output.complain(f"There is no token {arguments.number}.")
        return _NONE
    row = cells(found[0])
    if arguments.format == "json":
        output.as_json(row)
    else:
        output.as_properties(row)
    return _FOUND


def cells(entry: Entry) -> dict[str, ty.Any]:
    """Return what is printed of a token, by names.

    :param entry: the token
    """
    return {
        "number": entry.number,
        "created": output.moment(entry.created),
        "expires": output.moment(entry.expires),
        "target": entry.target,
        "version": entry.version,
        "state": entry.state,
        "status": entry.status,
        "project": entry.project,
        "user": entry.user,
        "request": entry.request,
        "host": entry.host,
        "key id": entry.key_id,
        "linked": entry.linked,
        "takeovers": entry.takeovers,
        "to be undone": entry.undo,
        "resources": [
            {"kind": one.kind, "id": one.id} for one in entry.resources
        ],
    }
