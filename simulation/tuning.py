# SPDX-License-Identifier: Apache-2.0
"""How long things take in simulated time, and how likely they go wrong."""

from __future__ import annotations

import dataclasses
import random

#: The time of day when simulated time begins, in milliseconds.
EPOCH = 1_700_000_000_000

LEASE = 60.0  # seconds, as all of these
TTL = 3600
WAIT = 10.0

STATEMENT = 0.004  # at most, on its way
SILENCE = 5.0  # until a connection that nobody answers is given up
LOCK_OURS = 2.0
LOCK_SERVICE = 50.0
DEADLINE = 4.0  # as in openstack_idempotency.sql.transaction
TRIES = 6
SLOW_ANSWER = 0.1  # of the answers take time, too
GHOST = 0.3  # of the broken transactions are noticed late ...
GHOST_LIFE = 20.0  # ... within this

#: All tokens are used first until then.
BUSY = 700.0
#: All troubles end then; whoever retries comes to an end after it.
CALM = 6000.0
#: Nothing goes on for longer.
END = 8 * 3600.0


@dataclasses.dataclass(frozen=True)
class Troubles:
    """How often what goes wrong in an episode.

    :param line: chance that a connection breaks at one message
    :param deadlock: chance that a transaction of the service is a victim
    :param point: chance that something befalls a worker at one of the points
    :param every: seconds between two troubles of whole processes, on average
    :param slow: chance that an operation of the service takes minutes
    :param refused: chance that the service refuses or fails, at each of the
        places where it may
    """

    line: float
    deadlock: float
    point: float
    every: float
    slow: float
    refused: float

    @classmethod
    def of(cls, chance: random.Random) -> Troubles:
        """Choose those of an episode, calm ones and wild ones.

        :param chance: the dice
        """
        return cls(
            line=chance.choice((0.0, 0.001, 0.004, 0.015)),
            deadlock=chance.choice((0.0, 0.002, 0.01)),
            point=chance.choice((0.001, 0.005, 0.015, 0.04)),
            every=chance.choice((15.0, 30.0, 60.0, 200.0)),
            slow=chance.choice((0.0, 0.02, 0.1)),
            refused=chance.choice((0.005, 0.02, 0.06)),
        )
