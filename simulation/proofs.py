# SPDX-License-Identifier: Apache-2.0
"""`python -m simulation.proofs`: each mutation, and the seed that finds it.

``make mutations`` changes the source; these switch safeguards off within the
simulator, each with a seed that finds it early.
"""

from __future__ import annotations

import sys

from simulation import campaign
from simulation.checker import Rule
from simulation.mutation import Mutation

#: Requests within which the simulator has to find a fault.
ENOUGH = 20_000
#: By mutation: a seed that finds it early, and a rule that it breaks there.
FOUND = {
    Mutation.NO_CLEANUP_FENCE: (1, Rule.UNTRUE),
    Mutation.NO_WITHDRAWAL: (1, Rule.NOT_HANDED_ON),
    Mutation.LATE_SUCCESS: (2, Rule.LATE_SUCCESS),
    Mutation.ALL_WAIT: (1, Rule.STARVED),
    Mutation.WAIT_LONG: (1, Rule.SLOW),
    Mutation.NO_MORE_BEATS: (1, Rule.NOT_RENEWED),
    Mutation.NO_ROLES: (1, Rule.UNTRUE),
    Mutation.LOSERS_ANSWER: (2, Rule.LOSER),
    Mutation.SUCCESS_UNSETTLED: (1, Rule.LATE_SUCCESS),
    Mutation.NOT_GIVEN_BACK: (3, Rule.NEVER_BEGAN),
    Mutation.RUN_AFTER_UPGRADE: (3, Rule.TWO_SETS),
    Mutation.LEASE_STAYS: (1, Rule.KEEPS),
    Mutation.LATE_RUN: (1, Rule.LATE_RUN),
    Mutation.SHORT_LIFE: (1, Rule.FORGOTTEN),
    Mutation.NO_FENCE: (2, Rule.TWO_SETS),
    Mutation.NO_COMPARE: (2, Rule.TWO_SETS),
    Mutation.NO_LINK: (1, Rule.TWO_SETS),
    Mutation.OLD_BINDINGS: (3, Rule.TOO_FEW),
}


def finds(mutation: Mutation) -> tuple[bool, int]:
    """Tell whether a mutation is found, and after how many requests.

    :param mutation: what is switched off
    """
    seed, rule = FOUND[mutation]
    total = campaign.run(ENOUGH, seed, mutation=mutation, first=True)
    found = rule in {violation.rule for _, violation in total.violations}
    return found and total.requests <= ENOUGH, total.requests


def main() -> int:
    """Apply one mutation after the other; return 0 if each is found."""
    survive = 0
    for mutation in Mutation:
        found, requests = finds(mutation)
        seed, rule = FOUND[mutation]
        says = "SURVIVES"
        if found:
            says = f"simulator, seed {seed}, {requests} requests: {rule.value}"
        survive += not found
        print(f"{mutation.value:26} {says}", flush=True)
    return int(survive > 0)


if __name__ == "__main__":
    sys.exit(main())
