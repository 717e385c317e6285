# SPDX-License-Identifier: Apache-2.0
"""What an engine is put together from."""

from __future__ import annotations

import dataclasses
import time
import typing as ty

from openstack_idempotency.engine.allowance import Allowance
from openstack_idempotency.engine.counters import Counters
from openstack_idempotency.engine.heartbeat import Heartbeat
from openstack_idempotency.engine.limits import Limits
from openstack_idempotency.engine.ports import Sealer
from openstack_idempotency.engine.ports import TokenStore
from openstack_idempotency.engine.returns import Returns
from openstack_idempotency.engine.waiting import WaitingRoom
from openstack_idempotency.protocol.digest import Digests


class Clock(ty.Protocol):
    """Elapsed time, apart from any time of day."""

    def monotonic(self) -> float:
        """Return seconds since some moment."""

    def sleep(self, seconds: float, /) -> None:
        """Let that many seconds pass."""


@dataclasses.dataclass(frozen=True)
class Parts:
    """The parts of an engine; they do not change while it runs.

    :param store: the table of tokens
    :param digests: the digests that the table holds
    :param sealer: seals the answers that the table holds
    :param heartbeat: renews the leases of running requests
    :param returns: gives back claims of requests that never began
    :param limits: the operator's settings
    :param clock: elapsed time; tests pass one of their own
    :param counters: what this process counts
    """

    store: TokenStore
    digests: Digests
    sealer: Sealer
    heartbeat: Heartbeat
    returns: Returns
    limits: Limits
    clock: Clock = time
    counters: Counters = dataclasses.field(default_factory=Counters)

    @classmethod
    def of(
        cls,
        store: TokenStore,
        digests: Digests,
        sealer: Sealer,
        limits: Limits,
        lease: float,
    ) -> Parts:
        """Return the parts of an engine on real time and threads.

        :param lease: seconds that a request holds its token
        """
        return cls(
            store=store,
            digests=digests,
            sealer=sealer,
            # So that two renewals may fail before the lease runs out.
            heartbeat=Heartbeat(store, interval=lease / 3),
            returns=Returns(store),
            limits=limits,
        )

    def room(self) -> WaitingRoom:
        """Return a waiting room of the size that the operator allows."""
        return WaitingRoom(self.limits.max_waiting, self.clock.monotonic)

    def allowance(self) -> Allowance:
        """Return what limits the tokens of each user."""
        return Allowance(
            self.limits.max_tokens, self.store.young, self.clock.monotonic
        )
