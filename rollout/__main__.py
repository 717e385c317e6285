# SPDX-License-Identifier: Apache-2.0
"""Command line: `python -m rollout --release PATH [--seed N]`."""

from __future__ import annotations

import argparse
from pathlib import Path
import sys

from embedded import progress
from region import cloud as regions
from rollout import cloud
from rollout import steps
from rollout.clients import Clients


def main() -> int:
    """Roll out and back, and return the exit status."""
    parser = argparse.ArgumentParser(prog="rollout", description=__doc__)
    parser.add_argument(
        "--release",
        type=Path,
        required=True,
        help="the environment of an older Nova, which is upgraded on the way",
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if missing := regions.missing(cloud.PLAN):
        print(f"rollout: {missing}", file=sys.stderr)
        return 1
    wrong = run(options.release.absolute(), options.seed)
    for what in wrong:
        progress.say(f"  WRONG     {what}")
    return 1 if wrong else 0


def run(release: Path, seed: int) -> list[str]:
    """Return what went wrong for clients, in words.

    :param release: the environment of an older Nova
    :param seed: decides which answers are lost
    """
    progress.say("A cloud without client tokens:")
    with (
        cloud.living(release) as (region, installed),
        Clients(region, seed) as clients,
    ):
        first = region.hosts[cloud.FIRST]
        progress.say(
            f"The steps, from Nova {first.installation.nova} on, with clients "
            f"all the while (seed {seed}):"
        )
        rollout = steps.Rollout(region, installed, clients)
        wrong = steps.play(rollout.steps(), clients, progress.step)
        if all(len(wish.told) < 2 for wish in clients.wishes):
            wrong.append("no request was answered twice")
        kinds = [bool(wish.token) for wish in clients.wishes]
        progress.say(
            f"It is Nova {first.installation.nova} now. {kinds.count(True)} "
            f"wishes with a token, {kinds.count(False)} without, "
            f"{len(wrong)} wrong."
        )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
