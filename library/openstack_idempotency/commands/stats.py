# SPDX-License-Identifier: Apache-2.0
"""The command that prints what is counted."""

from __future__ import annotations

import dataclasses
import typing as ty

from openstack_idempotency.commands import metrics
from openstack_idempotency.commands import output
from openstack_idempotency.commands.metrics import Numbers
from openstack_idempotency.commands.service import Service
from openstack_idempotency.engine import counters

_TOKENS: ty.Final = ("state", "life", "tokens")
_OUTCOMES: ty.Final = ("host", "operation", "state", "count")
_SECRETS: ty.Final = ("key_id", "known", "young")


def add(subparsers: ty.Any) -> None:
    """Add ``stats``.

    :param subparsers: the program's
    """
    parser = subparsers.add_parser(
        "stats", help="Count tokens, and the outcomes of their requests."
    )
    parser.set_defaults(run=_stats, unusable=1)
    output.add_format(parser, "prometheus")


def _stats(service: Service, arguments: ty.Any) -> int:
    with service.tokens() as tokens:
        numbers = Numbers.of(tokens)
    match arguments.format:
        case "prometheus":
            output.say(metrics.text(service.name, numbers).rstrip())
        case "json":
            output.as_json(told(numbers))
        case _:
            _print(told(numbers))
    return 0


def told(numbers: Numbers) -> dict[str, ty.Any]:
    """Return numbers as they are printed, but for Prometheus.

    :param numbers: the numbers
    """
    tokens = [
        (state, metrics.life(ended), number)
        for (state, ended), number in sorted(numbers.tokens.items())
    ]
    secrets = [
        (key_id, key_id in numbers.known, number)
        for key_id, number in sorted(numbers.recent.items())
    ]
    return {
        "tokens": [dict(zip(_TOKENS, row, strict=True)) for row in tokens],
        "outcomes": [dataclasses.asdict(one) for one in numbers.outcomes],
        "secrets": [dict(zip(_SECRETS, row, strict=True)) for row in secrets],
        "duplicates_prevented": counters.prevented(numbers.tally),
        "refused": counters.refused(numbers.tally),
        "oldest_expired_seconds": numbers.oldest_ended / 1000,
    }


def _print(numbers: dict[str, ty.Any]) -> None:
    for name, header in (
        ("tokens", _TOKENS),
        ("outcomes", _OUTCOMES),
        ("secrets", _SECRETS),
    ):
        output.as_table(header, numbers.pop(name))
    output.as_properties(numbers)
