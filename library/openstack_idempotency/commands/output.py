# SPDX-License-Identifier: Apache-2.0
"""Prints what commands have found, for people and for programs."""

from __future__ import annotations

import argparse
import datetime
import json
import re
import sys
import typing as ty

import prettytable

# Numbers of rows are of 64 bits.
_MOST = 2**63 - 1
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
Cells = ty.Mapping[str, ty.Any]


def say(text: str) -> None:
    """Print a line.

    :param text: the line
    """
    print(text)  # noqa: T201


def complain(text: str) -> None:
    """Print a line to where errors go.

    :param text: the line
    """
    print(text, file=sys.stderr)  # noqa: T201


def as_json(value: ty.Any) -> None:
    """Print a value as JSON.

    :param value: what json can write
    """
    say(json.dumps(value, indent=2))


def as_table(header: ty.Sequence[str], rows: ty.Iterable[Cells]) -> None:
    """Print rows with a column for each of some names.

    :param header: the names
    :param rows: the values by these names
    """
    table = prettytable.PrettyTable(header, align="l")
    for row in rows:
        table.add_row([_text(row[name]) for name in header])
    say(table.get_string())


def as_properties(row: Cells) -> None:
    """Print one row with a line for each value.

    :param row: the values by their names
    """
    pairs = [{"Field": k, "Value": v} for k, v in row.items()]
    as_table(("Field", "Value"), pairs)


def add_format(parser: argparse.ArgumentParser, *more: str) -> None:
    """Let a command's user choose the form of what it prints.

    :param parser: the command's
    :param more: forms besides table and json
    """
    forms = ("table", "json", *more)
    parser.add_argument(
        "--format", choices=forms, default="table", help="The output format."
    )


def moment(milliseconds: int | None) -> str | None:
    """Return a time of the database for people, in UTC.

    :param milliseconds: since the epoch
    """
    if milliseconds is None:
        return None
    at = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def time_of(text: str) -> int:
    """Return a time that a user wrote, in milliseconds since the epoch.

    :param text: ISO 8601; without a zone it is UTC
    :raises argparse.ArgumentTypeError: it is none
    """
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date; write it as 2026-11-25 or "
            "2026-11-25T14:00:00Z"
        ) from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.UTC)
    return round(at.timestamp() * 1000)


def number_of(text: str) -> int:
    """Return a number of tokens, or of one token, that a user wrote.

    :param text: digits
    :raises argparse.ArgumentTypeError: it is none, or no table has so many
    """
    if re.fullmatch("0*[1-9][0-9]{0,18}", text) and int(text) <= _MOST:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a number from 1 to {_MOST}"
    )


def pause_of(text: str) -> float:
    """Return a pause that a user wrote, in seconds.

    :param text: a number
    :raises argparse.ArgumentTypeError: it is none, or more than a day
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if 0 <= seconds <= _UNITS["d"]:
        return seconds
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a number of seconds from 0 to {_UNITS['d']}"
    )


def age_of(text: str) -> int:
    """Return an age that a user wrote, in milliseconds.

    :param text: a number of seconds, or with one of s, m, h, d behind it
    :raises argparse.ArgumentTypeError: it is none
    """
    found = re.fullmatch(r"([0-9]{1,9})([smhd]?)", text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no age; write seconds, or 90s, 15m, 2h, 3d"
        )
    return int(found[1]) * _UNITS[found[2]] * 1000


def _text(value: ty.Any) -> str:
    return "-" if value is None else str(value)
