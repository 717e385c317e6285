# SPDX-License-Identifier: Apache-2.0
"""What an API process does once a minute, besides answering requests.

It looks for rows that were written with a secret it does not have (protocol
section 4), for what a dead worker left to be undone, and for late traces of
withdrawn servers (section 5). At intervals of its own it purges (section 6).
"""

from __future__ import annotations

import contextlib
import typing as ty

from oslo_log import log as logging

from nova import context as nova_context
from nova.idempotency import undoing
from openstack_idempotency.engine.periodic import Periodic
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql.purger import Purger
from openstack_idempotency.sql.store import SqlTokenStore
from openstack_idempotency.sql.strangers import Strangers
from openstack_idempotency.sql.withdrawing import Left

LOG = logging.getLogger(__name__)

_INTERVAL = 60.0  # seconds
# Processes that were started together do not ask all cells together.
_JITTER = 0.5


class Chores:
    """One thread per process, from its first request on.

    :param tokens: the table of tokens
    :param purger: deletes those that have ended
    """

    def __init__(self, tokens: SqlTokenStore, purger: Purger) -> None:
        self._tokens = tokens
        self._purger = purger
        self._strangers = Strangers(tokens)
        # Which withdrawals the last round has come to, of those that are to
        # be undone, and of those of which late traces may appear.
        self._undone_to = 0
        self._swept_to = 0
        self._thread = Periodic(
            "client-token-chores", self.do, _INTERVAL, jitter=_JITTER
        )

    def ensure(self) -> None:
        """Start the threads, if they do not run in this process."""
        self._thread.ensure()
        self._purger.ensure()

    def do(self) -> None:
        """Do all of it once."""
        for chore in (
            self._strangers.look,
            self._undo_what_is_left,
            self._sweep,
        ):
            with _tried_again_later():
                chore()

    def _undo_what_is_left(self) -> None:
        """Undo what no client comes back for: volumes would stay reserved."""
        # In rounds, so that many that cannot be undone do not keep the others
        # from their turn.
        left, after = self._tokens.left(self._undone_to)
        self._undone_to = after or 0
        for one in left:
            # One that cannot be undone must not hold up the others.
            with _tried_again_later():
                self._undo(one)

    def _undo(self, left: Left) -> None:
        admin = nova_context.get_admin_context()
        todos = self._tokens.todos(left.token_id)
        for todo in todos.values():
            undoing.undo(admin, self._tokens.runner, todo)
        self._tokens.undone(left.claim, todos)

    def _sweep(self) -> None:
        withdrawn, after = self._tokens.withdrawn(self._swept_to)
        self._swept_to = after or 0
        if not withdrawn:
            return
        ids = {server.id: key for key, server in withdrawn.items()}
        admin = nova_context.get_admin_context()
        settled = undoing.sweep(admin, list(ids))
        self._tokens.forget_withdrawn([ids[id_] for id_ in settled])


@contextlib.contextmanager
def _tried_again_later() -> ty.Iterator[None]:
    """Let no failure keep the other chores from being done."""
    try:
        yield
    except errors.Unavailable:
        pass  # the reason is logged where it fails
    except Exception as exc:
        LOG.warning(
            "A chore for client tokens failed: %s.", type(exc).__name__
        )
