# SPDX-License-Identifier: Apache-2.0
"""The purge that each process does at intervals: protocol section 6."""

from __future__ import annotations

import random
import time
import typing as ty

from oslo_log import log as logging

from openstack_idempotency.engine.counters import Event
from openstack_idempotency.engine.counting import Counting
from openstack_idempotency.engine.periodic import Periodic
from openstack_idempotency.sql.kinds import Kind
from openstack_idempotency.sql.purge import Purging

LOG = logging.getLogger(__name__)

# By so much of it an interval may be shorter or longer: processes that were
# started together do not purge together.
_JITTER = 0.5


class Purger:
    """One thread per process, from when it is first needed.

    One batch of each kind an interval, the first one after the first interval:
    so the rate is bounded, whatever there is to do.

    :param tokens: the table of tokens
    :param lasting: the kinds of resources by which tokens last
    :param interval: seconds between two rounds; 0 for none
    :param batch: how many rows one round deletes, at most
    :param counting: counts the tokens that are deleted, if anything
    :param sleep: lets time pass; tests pass one of their own
    """

    def __init__(
        self,
        tokens: Purging,
        lasting: ty.Collection[Kind],
        *,
        interval: float,
        batch: int,
        counting: Counting | None = None,
        sleep: ty.Callable[[float], None] = time.sleep,
    ) -> None:
        self._tokens = tokens
        self._lasting = lasting
        self._batch = batch
        self._counting = counting
        # Where the walk over the tokens that last has come to.
        self._after: int | None = None
        self._thread = (
            Periodic(
                "client-token-purge",
                self.purge,
                interval,
                jitter=_JITTER,
                sleep=sleep,
            )
            if interval
            else None
        )

    def ensure(self) -> None:
        """Start the thread, if it does not run in this process."""
        if self._thread is not None:
            self._thread.ensure()

    def purge(self) -> None:
        """Do one round.

        :raises Exception: what the last step that failed has raised
        """
        failed: Exception | None = None
        for step in (self._walk, self._strip, self._delete):
            # One that fails each time keeps no other from its turn.
            try:
                step()
            except Exception as exc:
                if failed is not None:
                    LOG.warning("purging client tokens: %s", failed)
                failed = exc
        if failed is not None:
            raise failed

    def _walk(self) -> None:
        # Anywhere at first: processes that do not live long would never come
        # far. And after a failure: that may be of this stretch.
        after, self._after = self._after, None
        if after is None:
            newest = self._tokens.newest()
            after = random.randrange(newest + 1)  # noqa: S311 - no secret
        walked = self._tokens.walk(self._lasting, after, self._batch)
        self._after = walked.last or 0

    def _strip(self) -> None:
        self._tokens.strip(self._batch)

    def _delete(self) -> None:
        deleted = self._tokens.purge(self._batch).done
        if deleted and self._counting is not None:
            self._counting.count("", Event.PURGED, deleted)
