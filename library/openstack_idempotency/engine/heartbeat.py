# SPDX-License-Identifier: Apache-2.0
"""Renews the leases of all requests that run in this process."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import typing as ty

from oslo_log import log as logging

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.periodic import Periodic
from openstack_idempotency.engine.ports import TokenStore

LOG = logging.getLogger(__name__)


class Heartbeat:
    """One thread per process, however many requests run (section 6).

    :param store: where the leases are
    :param interval: seconds between two renewals; a third of the lease
        leaves room for two that fail
    :param sleep: lets that time pass; tests pass one of their own
    """

    def __init__(
        self,
        store: TokenStore,
        interval: float,
        sleep: ty.Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._claims: dict[str, Claim] = {}
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._thread = Periodic(
            "client-token-heartbeat",
            self._beat,
            interval,
            needed=lambda: bool(self._claims),
            sleep=sleep,
        )

    @contextlib.contextmanager
    def keep(self, claim: Claim) -> ty.Iterator[None]:
        """Renew a claim's lease while the body runs.

        :param claim: the claim of the running request
        """
        with self._lock:
            if self._pid != os.getpid():
                # Requests from before a fork run on in the parent: renewed
                # here, their leases would outlive the parent.
                self._claims.clear()
                self._pid = os.getpid()
            self._claims[claim.owner] = claim
        try:
            # Without the thread the lease is not renewed for now. That is
            # safe: a retry that takes over meets the fence.
            self._thread.ensure()
            yield
        finally:
            with self._lock:
                self._claims.pop(claim.owner, None)

    def beat(self) -> bool:
        """Renew all leases once; a failure is logged, the next beat tries.

        :returns: False when no request runs, and the thread may end
        """
        return self._thread.once()

    def _beat(self) -> None:
        with self._lock:
            claims = list(self._claims.values())
        if not claims:
            return
        try:
            self._store.extend(claims)
        except Exception as exc:
            # Of any kind: without renewals all requests lose their tokens.
            LOG.warning(
                "Could not renew the leases of %d running requests with "
                "client tokens (%s); if this continues, retries will take "
                "their tokens over.",
                len(claims),
                type(exc).__name__,
            )
