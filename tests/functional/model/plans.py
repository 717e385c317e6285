# SPDX-License-Identifier: Apache-2.0
"""What requests ask for in the machine, and what comes of them."""

from __future__ import annotations

import dataclasses
import enum

from hypothesis import strategies as st

from openstack_idempotency.fixture import contract
from openstack_idempotency.protocol.scope import Scope

# In seconds.
LEASE = contract.LEASE // 1000
TTL = contract.TTL // 1000


class Token(enum.Enum):
    """A client token; each is used for another operation."""

    LINKED = "linked"
    APART = "not linked"


class End(enum.Enum):
    """How the service's method ends."""

    SUCCESS = "it succeeds"
    REFUSAL = "it refuses before it makes anything"
    ERROR = "it fails before it makes anything"
    LATE_ERROR = "it fails, and leaves what it made"
    UNDONE = "it fails, and deletes what it made"


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a request asks for, and what comes of it.

    :param token: its token
    :param asks: one of two different requests
    :param end: how it ends, if it runs
    :param count: how many resources it makes
    :param noted: whether an instance action is recorded, if not linked
    """

    token: Token
    asks: int = 0
    end: End = End.SUCCESS
    count: int = 1
    noted: bool = True

    @property
    def scope(self) -> Scope:
        """Whose token it is, and for what."""
        return Scope("project", "user", f"POST /{self.token.name}")


ENDS = st.sampled_from([End.SUCCESS] * 4 + list(End))
PLANS = st.builds(
    Plan,
    token=st.sampled_from([Token.LINKED, Token.LINKED, Token.APART]),
    asks=st.sampled_from([0, 0, 0, 0, 1]),
    end=ENDS,
    count=st.sampled_from([1, 1, 2]),
    noted=st.booleans(),
)
WORKER = st.integers(0, 3)
# Mostly few: once it writes, all others can only fail.
STEPS_AT_ONCE = st.integers(1, 4) | st.integers(1, 10)
# A lease and its half, mostly; now and then all that a token lives.
TIMES = st.sampled_from([LEASE / 2, *[LEASE] * 6, LEASE + TTL])
