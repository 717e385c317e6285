# SPDX-License-Identifier: Apache-2.0
"""What a process does for its tokens, besides answering requests."""

from __future__ import annotations

import dataclasses
import typing as ty

from openstack_idempotency.engine.account import Account
from openstack_idempotency.engine.counters import Counters
from openstack_idempotency.engine.counting import Counting
from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.engine.periodic import Periodic
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.sql.kinds import Kind
from openstack_idempotency.sql.purger import Purger
from openstack_idempotency.sql.store import SqlTokenStore
from openstack_idempotency.sql.strangers import Strangers
from openstack_idempotency.wsgi import audit

_INTERVAL = 60.0  # seconds
_JITTER = 0.5


@dataclasses.dataclass(frozen=True)
class Notes:
    """Writes down what came of requests.

    :param counters: the process's
    :param counting: adds them to those of the host, if anything does
    """

    counters: Counters
    counting: Counting | None = None

    def note(
        self,
        environ: ty.Mapping[str, ty.Any],
        account: Account,
        verdict: Verdict,
        status: int,
        earlier: str | None,
    ) -> None:
        """Log and count an answer, and mark its audit event.

        :param environ: the WSGI environment of the request
        :param account: the account of the request
        :param verdict: what the answer tells of the token
        :param status: its HTTP status
        :param earlier: the id of the earlier request that it speaks of
        """
        account.note(self.counters, verdict, status, earlier)
        audit.mark(environ, verdict, earlier)
        if self.counting is not None:
            self.counting.ensure()


@dataclasses.dataclass(frozen=True)
class Keeping:
    """The notes and the threads of a process that withdraws nothing.

    :param notes: writes down what came of requests
    :param purger: deletes tokens that have ended
    :param watch: looks for hosts with other secrets
    """

    notes: Notes
    purger: Purger
    watch: Periodic

    @classmethod
    def of(
        cls,
        engine: Engine,
        tokens: SqlTokenStore,
        lasting: ty.Collection[Kind],
        *,
        interval: float,
        batch: int,
    ) -> ty.Self:
        """Return those of a process; nothing runs before :meth:`ensure`.

        :param engine: the process's
        :param tokens: the table of tokens
        :param lasting: the kinds of resources by which tokens last
        :param interval: seconds between two purges; 0 for none
        :param batch: how many rows one purge deletes, at most
        """
        counters = engine.parts.counters
        counting = Counting(counters, tokens)
        purger = Purger(
            tokens, lasting, interval=interval, batch=batch, counting=counting
        )
        look = Strangers(tokens).look
        watch = Periodic(
            "client-token-watch", look, _INTERVAL, jitter=_JITTER
        )
        return cls(Notes(counters, counting), purger, watch)

    def ensure(self) -> None:
        """Start the threads, if they do not run in this process."""
        self.purger.ensure()
        self.watch.ensure()
