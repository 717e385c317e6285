# SPDX-License-Identifier: Apache-2.0
"""`python -m chaos`: run a campaign and say what was found."""

from __future__ import annotations

import argparse
from pathlib import Path
import random
import sys
import tempfile
import time

from chaos import broker
from chaos import databases
from chaos.campaign import Campaign
from chaos.mutation import Mutation

_SHOWN = 20


def main() -> int:
    """Run a campaign; return 0 if all that had to happen did, and held."""
    arguments = _parser().parse_args()
    missing = databases.missing(arguments.backend) or broker.missing()
    if missing:
        print(f"The campaign cannot run: {missing}.")
        return 2
    folder = Path(tempfile.mkdtemp(prefix="nova-chaos-"))
    campaign = Campaign(
        folder,
        arguments.seconds,
        arguments.seed,
        arguments.backend,
        arguments.mutation,
    )
    print(
        f"{campaign.seconds:.0f} s on {campaign.backend}, seed "
        f"{campaign.seed}; history in {folder}",
        flush=True,
    )
    started = time.monotonic()
    figures, violations = campaign.run()
    for violation in violations[:_SHOWN]:
        print(violation)
    if figures.absent:
        print(f"It shows nothing: no {', no '.join(figures.absent)}.")
    took = time.monotonic() - started
    print(f"{figures}, {len(violations)} violations in {took:.0f} s")
    return int(bool(violations or figures.absent))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().getrandbits(32)
    )
    parser.add_argument(
        "--backend", choices=databases.SERVERS, default="mysql"
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
