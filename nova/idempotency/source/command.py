# SPDX-License-Identifier: Apache-2.0
"""nova-idempotency source-patch."""

from __future__ import annotations

import pathlib
import sys
import typing as ty

from nova.idempotency.source import patch
from nova.idempotency.source.carried import Carried
from nova.idempotency.source.tree import Tree
from nova.idempotency.source.tree import Unfit
from openstack_idempotency.commands.service import Service

_INTRODUCTION = """\
Let any POST of the compute API be retried safely

A client sends a token of its own choice with a request (X-Client-Token); a
later request with the same token is answered as the first one was, and not
run again. @idempotent marks the methods: {methods} of Nova {release}.
"""
_VENDORED = "The decorator and all below it become part of Nova's tree.\n"
_REQUIRED = "The decorator is in the distribution nova-idempotency.\n"


def add(subparsers: ty.Any) -> None:
    """Add the command.

    :param subparsers: where argparse has the commands
    """
    parser = subparsers.add_parser(
        "source-patch",
        help="Write a patch for those who carry Nova in source.",
        description=(
            "Writes a patch for a source tree of Nova 31 to 34, to be applied "
            "there with 'git apply'. The tree is only read."
        ),
    )
    parser.add_argument(
        "--nova",
        type=pathlib.Path,
        required=True,
        metavar="PATH",
        help="a checkout, or an unpacked source distribution",
    )
    parser.add_argument(
        "--output",
        type=pathlib.Path,
        required=True,
        metavar="FILE.patch",
        help="where to write; a file that is there is replaced",
    )
    parser.add_argument(
        "--vendored",
        action="store_true",
        help="bring our modules into the tree, instead of requiring the "
        "distribution nova-idempotency",
    )
    parser.set_defaults(run=_run, unusable=1)


def _run(service: Service, given: ty.Any) -> int:
    try:
        carried = write(given.nova, given.output, vendored=given.vendored)
    except (Unfit, OSError) as exc:
        sys.exit(f"nova-idempotency: no patch was written: {exc}")
    for post in carried.unknown():
        _say(f"Not decorated, as our table does not know it: {post}")
    _say(f"{given.output} decorates {len(carried.places)} methods.")
    return 0


def write(
    nova_: pathlib.Path, output: pathlib.Path, *, vendored: bool
) -> Carried:
    """Write the patch for a tree, all of it or nothing.

    :param nova_: the tree
    :param output: the file
    :param vendored: whether our modules become part of the tree
    :raises Unfit: the tree cannot be patched
    :raises OSError: the file cannot be written
    """
    carried = Carried(Tree(nova_), vendored=vendored)
    introduction = _INTRODUCTION.format(
        methods=len(carried.places), release=carried.release
    )
    origin = _VENDORED if vendored else _REQUIRED
    patch.write(output, patch.text(introduction + origin, carried.changes()))
    return carried


def _say(text: str) -> None:
    print(text)  # noqa: T201
