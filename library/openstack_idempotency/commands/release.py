# SPDX-License-Identifier: Apache-2.0
"""The command that frees a token in doubt."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.commands import listing
from openstack_idempotency.commands import output
from openstack_idempotency.commands.ask import agreed
from openstack_idempotency.commands.service import Service
from openstack_idempotency.sql.entry import Entry
from openstack_idempotency.sql.entry import IN_DOUBT
from openstack_idempotency.sql.entry import Wanted


def add(subparsers: ty.Any) -> None:
    """Add ``release``.

    :param subparsers: the program's
    """
    parser = subparsers.add_parser("release", help="Free a token in doubt.")
    parser.set_defaults(run=_release, unusable=1)
    parser.add_argument(
        "number", type=output.number_of, help="The token's number in the list."
    )
    parser.add_argument("--yes", action="store_true", help="Do not ask.")


def _release(service: Service, arguments: ty.Any) -> int:
    with service.tokens() as tokens:
        found = tokens.entries(Wanted(number=arguments.number), 1)
        refusal = _refusal(found[0]) if found else "is not there"
        if refusal is not None:
            output.complain(f"Token {arguments.number} {refusal}.")
            return 1
        output.as_properties(listing.cells(found[0]))
        output.say(_consequence(found[0]))
        if not agreed(arguments.yes):
            return 1
        if not tokens.free_in_doubt(found[0]):
            output.complain("It has changed meanwhile. Nothing is done.")
            return 1
    output.say("The token is free.")
    return 0


def _refusal(entry: Entry) -> str | None:
    if entry.state != IN_DOUBT:
        return f"is not in doubt but {entry.state}"
    if entry.undo:
        return "has something to be undone first; the API does that"
    return None


def _consequence(entry: Entry) -> str:
    text = (
        "Its request neither runs nor has an outcome. When the token is free, "
        "the next request with it runs, whatever the first one has done."
    )
    if entry.resources:
        text += (
            " What it made stays, and is forgotten here: "
            + ", ".join(f"{one.kind} {one.id}" for one in entry.resources)
            + "."
        )
    return f"{text} Check first whether that took effect."
