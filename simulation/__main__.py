# SPDX-License-Identifier: Apache-2.0
"""`python -m simulation`: play episodes of a seed and say what was found."""

from __future__ import annotations

import argparse
import collections
import sys
import time

from simulation import campaign
from simulation.mutation import Mutation

_SHOWN = 20


def main() -> int:
    """Play until enough requests were served; return 0 if all rules held."""
    arguments = _parser().parse_args()
    if arguments.episode is not None:
        return _show(arguments)
    started = time.monotonic()
    total = campaign.run(
        arguments.requests,
        arguments.seed,
        arguments.jobs,
        arguments.mutation,
        first=arguments.first,
    )
    for episode, violation in total.violations[:_SHOWN]:
        print(f"episode {episode}: {violation}")
    rules = collections.Counter(v.rule.name for _, v in total.violations)
    for rule, count in sorted(rules.items()):
        print(f"{count:6} {rule}")
    verdicts = ", ".join(
        f"{name} {count}" for name, count in sorted(total.verdicts.items())
    )
    print(f"answers: {verdicts}")
    took = time.monotonic() - started
    print(
        f"{total.requests} requests in {total.episodes} episodes of seed "
        f"{arguments.seed}, {len(total.violations)} violations in "
        f"{took:.0f} s; history {total.digest}"
    )
    return int(bool(total.violations))


def _show(arguments: argparse.Namespace) -> int:
    """Print the history of one episode, or of one of its tokens."""
    result, history = campaign.play(
        arguments.seed, arguments.episode, arguments.mutation
    )
    for event in history.events:
        if arguments.token in (None, event.token):
            print(event)
    for violation in result.violations:
        if arguments.token in (None, violation.token):
            print(violation)
    return int(bool(result.violations))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument(
        "--requests",
        type=int,
        default=20_000,
        help="how many to serve, at least (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        help="the source of all chance (default: %(default)s)",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=1,
        help="how many processes play at a time (default: %(default)s)",
    )
    parser.add_argument(
        "--first", action="store_true", help="end with the first violation"
    )
    parser.add_argument(
        "--episode", type=int, help="play only this one, and print its history"
    )
    parser.add_argument(
        "--token",
        type=int,
        help="with --episode: print only what concerns this token",
    )
    parser.add_argument(
        "--mutation",
        type=Mutation,
        help="switch a safeguard off, so that violations must be found: "
        + ", ".join(mutation.value for mutation in Mutation),
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
