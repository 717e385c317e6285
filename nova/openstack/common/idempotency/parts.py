# SPDX-License-Identifier: Apache-2.0
"""What the engine is put together from."""

from __future__ import annotations

import dataclasses
import time
import typing as ty

from nova.openstack.common.idempotency.digest import Digests
from nova.openstack.common.idempotency.heartbeat import Heartbeat
from nova.openstack.common.idempotency.limits import Limits
from nova.openstack.common.idempotency.sealer import Sealer
from nova.openstack.common.idempotency.store import Store


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
    :param limits: the operator's settings
    :param clock: elapsed time; tests pass one of their own
    """

    store: Store
    digests: Digests
    sealer: Sealer
    heartbeat: Heartbeat
    limits: Limits
    clock: Clock = time
