# SPDX-License-Identifier: Apache-2.0
"""The command that counts tokens."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.commands import output
from openstack_idempotency.commands.service import Service

#: As openstack-exporter names what it counts.
METRIC = "openstack_{service}_client_tokens"


def add(subparsers: ty.Any) -> None:
    """Add ``stats``.

    :param subparsers: the program's
    """
    parser = subparsers.add_parser("stats", help="Count tokens by state.")
    parser.set_defaults(run=_stats, unusable=1)
    output.add_format(parser, "prometheus")


def _stats(service: Service, arguments: ty.Any) -> int:
    with service.tokens() as tokens:
        counts = tokens.counts()
    rows = [
        {"state": state, "life": "ended" if ended else "lives",
         "tokens": counts[state, ended]}
        for state, ended in sorted(counts)
    ]  # fmt: skip
    match arguments.format:
        case "json":
            output.as_json({"tokens": rows})
        case "prometheus":
            name = METRIC.format(service=service.name)
            for line in metrics(name, rows):
                output.say(line)
        case _:
            output.as_table(("state", "life", "tokens"), rows)
    return 0


def metrics(name: str, rows: ty.Iterable[output.Cells]) -> ty.Iterator[str]:
    """Yield the lines of Prometheus' text format.

    :param name: of the metric
    :param rows: its samples
    """
    yield f"# HELP {name} Client tokens in the table."
    yield f"# TYPE {name} gauge"
    for row in rows:
        labels = f'state="{row["state"]}",life="{row["life"]}"'
        yield f"{name}{{{labels}}} {row['tokens']}"
