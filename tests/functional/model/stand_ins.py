# SPDX-License-Identifier: Apache-2.0
"""What the engine has in the machine instead of threads and processes."""

from __future__ import annotations

import contextlib
import typing as ty

import greenlet  # type: ignore[import-untyped]

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.sql import store


class Clock(fakes.Clock):
    """Who waits gives way to all others."""

    def sleep(self, seconds: float, /) -> None:
        super().sleep(seconds)
        give_way()


class Store(store.SqlTokenStore):
    """The store; it tells who is who."""

    def __init__(self, *args: ty.Any, **kwargs: ty.Any) -> None:
        super().__init__(*args, **kwargs)
        self.owners: dict[str, str] = {}

    def look(self, use: Use) -> tuple[int, ty.Any]:
        self.owners[use.request_id] = use.owner
        return super().look(use)


class NoReturns:
    """What is claimed in vain ends with its lease."""

    def add(self, use: Use) -> None:
        pass

    def resume(self) -> None:
        pass


class Heartbeats:
    """The claims that the heartbeats of all processes would renew."""

    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}

    @contextlib.contextmanager
    def keep(self, claim: Claim) -> ty.Iterator[None]:
        self.claims[claim.owner] = claim
        try:
            yield
        finally:
            self.claims.pop(claim.owner, None)


def give_way() -> None:
    """Let the machine decide who goes on, and when."""
    main = greenlet.getcurrent().parent
    if main is not None:
        main.switch()
