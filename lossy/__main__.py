# SPDX-License-Identifier: Apache-2.0
"""`python -m lossy`: run the campaigns and say what was found."""

from __future__ import annotations

import argparse
import os
import random
import sys

from lossy import campaign
from lossy import outage
from lossy import report
from lossy import stage
from lossy.campaign import Wanted
from lossy.cases import By
from testing import golang
from testing.cloud import Cloud

_ALL = {By.NOVA: 60, By.OPENSTACK: 60, By.SDK: 190, By.GO: 190}
_QUICK = {By.NOVA: 8, By.OPENSTACK: 8, By.SDK: 14, By.GO: 10}
# On the cloud that promises nothing, beside those.
_UNPROMISED = {By.NOVA: 12, By.OPENSTACK: 12, By.SDK: 12}
_UNPROMISED_QUICK = {By.NOVA: 2, By.OPENSTACK: 2, By.SDK: 4}
_PREFIX = "unpromised-"
_COMMANDS, _COMMANDS_QUICK = 200, 4
# So many that what a process may spend on retries is a small part of them.
_CALLS = 500
_SECONDS, _SECONDS_QUICK = 60.0, 0.0


def main() -> int:
    """Run the campaigns; return 0 if all that had to hold did."""
    arguments = _parser().parse_args()
    missing = golang.missing(gophercloud=True)
    if missing and golang.REQUIRED in os.environ:
        print(f"It cannot run: {missing}.")
        return 2
    print(f"Seed {arguments.seed}.", flush=True)
    cloud = Cloud(nova=stage.options(every_host=True))
    try:
        bad = _promised(cloud, arguments)
        if not arguments.forgetful:
            bad += _others(cloud, arguments)
    finally:
        cloud.close()
    return int(bool(bad))


def _promised(cloud: Cloud, arguments: argparse.Namespace) -> int:
    numbers = {**(_QUICK if arguments.quick else _ALL)}
    if missing := golang.missing(gophercloud=True):
        print(f"Without Go, whose part the SDK has ({missing}).")
        numbers[By.SDK] += numbers.pop(By.GO)
    wanted = Wanted(
        arguments.seed,
        numbers,
        only=frozenset(arguments.only),
        forgetful=arguments.forgetful,
    )
    with report.timed() as seconds:
        result = campaign.promised(cloud, wanted)
    title = "A cloud that promises that retries are safe"
    return report.tell(title, result, seconds())


def _others(cloud: Cloud, arguments: argparse.Namespace) -> int:
    bad = 0
    if not arguments.only:
        bad = _outages(cloud, arguments.seed, quick=arguments.quick)
    unpromised = [one for one in arguments.only if one.startswith(_PREFIX)]
    if unpromised or not arguments.only:
        cloud.stack.stop()
        cloud.restart(stage.options(every_host=False))
        bad += _unpromised(cloud, arguments)
    return bad


def _unpromised(cloud: Cloud, arguments: argparse.Namespace) -> int:
    wanted = Wanted(
        arguments.seed,
        _UNPROMISED_QUICK if arguments.quick else _UNPROMISED,
        prefix=_PREFIX,
        only=frozenset(arguments.only),
    )
    with report.timed() as seconds:
        result = campaign.unpromised(cloud, wanted)
    return report.tell("A cloud that promises nothing", result, seconds())


def _outages(cloud: Cloud, seed: int, *, quick: bool) -> int:
    bad = 0
    for reads in (False, True):
        with report.timed() as seconds:
            figures, result = outage.of_threads(
                cloud,
                outage.Down(seed, reads),
                _CALLS,
                _SECONDS_QUICK if quick else _SECONDS,
                retried=10 if quick else _CALLS,
            )
        what = "of POSTs" if reads else "of all"
        title = f"An outage {what}, {figures}"
        bad += report.tell(title, result, seconds())
    if not quick:
        own = outage.of_own_loop(cloud, outage.Down(seed), _CALLS)
        print(f"keystoneauth's own loop in it: {own}", flush=True)
    with report.timed() as seconds:
        count = _COMMANDS_QUICK if quick else _COMMANDS
        result = outage.of_commands(cloud, seed, count)
    return bad + report.tell("An outage, for commands", result, seconds())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lossy", description=__doc__)
    parser.add_argument(
        "--seed",
        type=int,
        default=random.SystemRandom().getrandbits(32),
        help="makes the same choices again (default: a random one)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="as the gate runs it: 40 cases"
    )
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="CASE",
        help="play these cases alone, as 'nova-server-3', with all their luck",
    )  # fmt: skip
    parser.add_argument(
        "--forgetful", action="store_true",
        help="lose what the commands remember, so that violations must be "
        "found",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
