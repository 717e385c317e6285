# SPDX-License-Identifier: Apache-2.0
"""nova-idempotency source-patch."""

from __future__ import annotations

import pathlib
import sys
import typing as ty

from nova.idempotency.source.tree import Unfit
from openstack_idempotency.commands.service import Service


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
        help="where to write; an existing file is replaced",
    )
    parser.add_argument(
        "--vendored",
        action="store_true",
        help="bring our modules into the tree, instead of requiring the "
        "distribution nova-idempotency",
    )
    parser.set_defaults(run=_run, unusable=1)


def _run(service: Service, given: ty.Any) -> int:
    # It loads the controllers of the API: a fifth of another command's time.
    from nova.idempotency.source import writing

    try:
        carried = writing.write(
            given.nova, given.output, vendored=given.vendored
        )
    except (Unfit, OSError) as exc:
        sys.exit(f"nova-idempotency: no patch was written: {exc}")
    for post in carried.unknown():
        _say(f"Not decorated, as our table does not know it: {post}")
    _say(f"{given.output} decorates {len(carried.places)} methods.")
    return 0


def _say(text: str) -> None:
    print(text)  # noqa: T201
