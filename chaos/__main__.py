# SPDX-License-Identifier: Apache-2.0
"""`python -m chaos`: run a campaign and say what was found."""

from __future__ import annotations

import argparse
import collections
from pathlib import Path
import random
import sys
import tempfile
import time

from chaos import ground
from chaos.campaign import Campaign
from chaos.mutation import Mutation
from chaos.rules import Rule
from chaos.rules import Violation
from chaos.subjects import SUBJECTS

# How many violations of one rule are shown.
_SHOWN = 5
# Seconds of a campaign in which all happens that can.
_LONG = 150


def main() -> int:
    """Run a campaign; return 0 if all that had to happen did, and held."""
    arguments = _parser().parse_args()
    subject = SUBJECTS[arguments.service]
    missing = subject.missing(arguments.database)
    if missing:
        print(f"The campaign cannot run: {missing}.")
        return 2
    folder = Path(tempfile.mkdtemp(prefix="nova-chaos-"))
    campaign = Campaign(
        folder,
        arguments.seconds,
        arguments.seed,
        arguments.database,
        arguments.mutation,
        subject,
    )
    print(
        f"{campaign.seconds:.0f} s of {arguments.service} on "
        f"{campaign.backend}, seed "
        f"{campaign.seed}; history in {folder}",
        flush=True,
    )
    started = time.monotonic()
    figures, violations = campaign.run()
    _show(violations)
    absent = figures.absent(subject.never, short=campaign.seconds < _LONG)
    if absent:
        print(f"It shows nothing: no {', no '.join(absent)}.")
    took = time.monotonic() - started
    print(f"{figures}, {len(violations)} violations in {took:.0f} s")
    return int(bool(violations or absent))


def _show(violations: list[Violation]) -> None:
    shown: collections.Counter[Rule] = collections.Counter()
    for violation in violations:
        shown[violation.rule] += 1
        if shown[violation.rule] <= _SHOWN:
            print(violation)
    for rule, count in shown.items():
        if count > _SHOWN:
            print(f"{rule.value}: {count} in all")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument(
        "--seconds",
        type=float,
        default=180,
        help="how long to fight (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=random.SystemRandom().getrandbits(32),
        help="makes the same choices again (default: a random one)",
    )
    parser.add_argument(
        "--service",
        choices=SUBJECTS,
        default="nova",
        help="whose workers get into trouble (default: %(default)s)",
    )
    parser.add_argument(
        "--database",
        choices=ground.KINDS,
        default="mysql",
        help="which server to run (default: %(default)s)",
    )
    parser.add_argument(
        "--mutation",
        type=Mutation,
        help="switch a safeguard off, so that violations must be found: "
        + " or ".join(mutation.value for mutation in Mutation),
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
