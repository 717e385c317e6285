# SPDX-License-Identifier: Apache-2.0
"""`python -m mutations`: put each fault back, and see that it is found."""

from __future__ import annotations

import argparse
from concurrent import futures
import re
import sys
import time

from mutations import trial
from mutations.fault import Fault
from mutations.table import FAULTS

# How much of what a proof says is shown where it is wrong.
_SHOWN = 4000


def main() -> int:
    """Try each fault; return 0 if all were found."""
    arguments = _parser().parse_args()
    chosen = [fault for fault in FAULTS if _chosen(fault, arguments.only)]
    if not chosen:
        print(f"There is no fault {', '.join(arguments.only)}.")
        return 2
    if arguments.list:
        for fault in chosen:
            print(f"{fault.number:5} {fault.says}: {fault.proof}")
        return 0
    return _try(chosen, arguments.jobs)


def _try(faults: list[Fault], jobs: int) -> int:
    started = time.monotonic()
    sound = trial.without_faults((fault.proof for fault in faults), jobs)
    if not sound.good:
        print(f"Without any fault these do not hold:\n{sound.says[-_SHOWN:]}")
        return 1
    print(f"Without any fault all proofs hold ({sound.seconds:.0f} s).")
    survived = 0
    with futures.ThreadPoolExecutor(jobs) as pool:
        outcomes = pool.map(trial.with_fault, faults)
        for fault, outcome in zip(faults, outcomes, strict=True):
            _tell(fault, outcome)
            survived += not outcome.good
    took = time.monotonic() - started
    print(
        f"{len(faults)} faults were put back, {len(faults) - survived} "
        f"found, {survived} survived; {took:.0f} s"
    )
    return int(bool(survived))


def _tell(fault: Fault, outcome: trial.Outcome) -> None:
    line = f"{fault.number:5} {fault.says}: "
    took = f"{outcome.seconds:.1f} s"
    if outcome.good:
        print(f"{line}found by {outcome.says}, {took}", flush=True)
    else:
        says = outcome.says[-_SHOWN:]
        print(f"{line}SURVIVED {fault.proof}, {took}\n{says}", flush=True)


def _chosen(fault: Fault, only: list[str]) -> bool:
    # 14 stands for 14a to 14n.
    point = re.match(r"\d+", fault.number)
    names = {fault.number, point[0] if point else ""}
    return not only or not names.isdisjoint(only)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mutations", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", default=[], help="try only these numbers: 2 14e"
    )
    parser.add_argument(
        "--list", action="store_true", help="name the faults, and try none"
    )
    parser.add_argument(
        "--jobs", type=int, default=2, help="how many to try at a time"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
