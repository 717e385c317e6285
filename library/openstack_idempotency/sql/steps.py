# SPDX-License-Identifier: Apache-2.0
"""What all steps of the store have in common."""

from __future__ import annotations

import dataclasses
import socket
import time
import typing as ty

from oslo_log import log as logging
import sqlalchemy as sa

from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.sql import capability
from openstack_idempotency.sql import clock
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import transaction
from openstack_idempotency.sql.connections import Connections
from openstack_idempotency.sql.tables import RESOURCES
from openstack_idempotency.sql.tables import TOKENS

LOG = logging.getLogger(__name__)

PAST = 0  # a time that is always in the past
#: The owner of a row that no request holds, and what such a row holds.
NOBODY: ty.Final = ""
NOBODYS: ty.Final[rows.Row] = {
    "state": State.RUNNING.value,
    "owner": NOBODY,
    "bound": 0,
    "lease_until": PAST,
    "lasting": False,
}

# Parameters of each statement that is built once, besides its own: how long a
# request holds its token, and how long a token lives, in milliseconds.
_LEASE = sa.bindparam("lease", type_=sa.BigInteger())
_LIFE = sa.bindparam("life", type_=sa.BigInteger())
#: When a lease ends that begins now.
LEASE_END: ty.Final = clock.NOW + _LEASE
#: When a token ends whose request begins to run. Until an outcome is stored,
#: its life is counted from the lease's end.
END_UNSETTLED: ty.Final = clock.NOW + _LEASE + _LIFE

#: What is bound to a row, with the keys of the bindings.
BOUND: ty.Final = (
    sa.select(RESOURCES.c.id, *rows.AS_RESOURCE)
    .where(RESOURCES.c.token_id == sa.bindparam("token"))
    .order_by(RESOURCES.c.id)
)

_S = ty.TypeVar("_S", bound=sa.Executable)


class Kept(Exception):
    """Nothing is changed after all: the transaction is rolled back."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a store writes into every row.

    :param lease: milliseconds that a running request holds its token
    :param token_ttl: milliseconds that a token lives
    :param key_ids: the ids of the secrets that key the digests of a use, in
        the same order
    :param host: the name of this host
    :param sync_command: the command that creates the tables, for messages
    """

    lease: int
    token_ttl: int
    key_ids: tuple[str, ...] = ("",)
    host: str = dataclasses.field(default_factory=socket.gethostname)
    sync_command: str = "db sync"


class Steps:
    """Reads and changes rows, each step at once or not at all.

    :param database: enginefacade's context manager of the database
    :param settings: what is written into every row
    :param now: the clock that all times come from, as an SQL expression
    :param connections: to the database, if not of its own
    :param monotonic: elapsed time, in seconds
    """

    def __init__(
        self,
        database: ty.Any,
        settings: Settings,
        *,
        now: sa.ColumnElement[int] | None = None,
        connections: Connections | None = None,
        monotonic: ty.Callable[[], float] = time.monotonic,
    ) -> None:
        self.connections = connections or Connections(database)
        self._settings = settings
        self._run = transaction.Runner(
            self.connections, settings.sync_command, monotonic
        )
        self._spans = {"lease": settings.lease, "life": settings.token_ttl}
        self._clock = now
        self._by_clock: dict[ty.Any, ty.Any] = {}
        self._now = clock.NOW if now is None else now
        self._lease_end = self._now + settings.lease
        # Until an outcome is stored, count the life from the lease's end.
        self._end_unsettled = self._now + settings.lease + settings.token_ttl

    def probe(self) -> None:
        """Check the server, if it answers, before a request needs it.

        :raises capability.Unsupported: it is too old
        """
        try:
            self.connections.probe()
        except capability.Unsupported:
            raise
        except Exception as exc:
            # Out of reach, or not configured yet: no reason for a service not
            # to start. The text may name a URL with its password.
            LOG.warning(
                "The database server could not be checked (%s): the first "
                "request with a client token checks it.",
                type(exc).__name__,
            )
        finally:
            # Servers fork after loading, and no connection may be shared.
            self.connections.dispose()

    @property
    def runner(self) -> transaction.Runner:
        """What runs the steps."""
        return self._run

    def _timed(self, statement: _S) -> _S:
        """Return a statement that was built once, by this store's clock."""
        if self._clock is None:
            return statement
        if statement not in self._by_clock:
            timed = clock.by_another(statement, self._clock)
            self._by_clock[statement] = timed
        return ty.cast(_S, self._by_clock[statement])

    def _read(
        self, query: sa.Select[ty.Any], values: rows.Row | None = None
    ) -> ty.Sequence[sa.Row[ty.Any]]:
        query = self._timed(query)
        return self._run.statement(
            lambda connection: connection.execute(query, values).all()
        )

    def _counting(
        self, change: sa.Update | sa.Delete, values: rows.Row
    ) -> ty.Callable[[sa.Connection], int]:
        """Return the body of a step that changes rows, and counts them."""
        change, values = self._timed(change), self._spans | values
        return lambda connection: connection.execute(change, values).rowcount

    def _update_unlocked(
        self,
        where: sa.ColumnElement[bool],
        values: rows.Row,
        point: Point,
        then: ty.Callable[[sa.Connection], None] | None = None,
    ) -> bool:
        def update(connection: sa.Connection) -> bool:
            keys = transaction.unlocked(connection, where)
            reached(point)
            if isinstance(keys, list) and not keys:
                return False
            change = sa.update(TOKENS).where(where, TOKENS.c.id.in_(keys))
            if connection.execute(change.values(values)).rowcount != 1:
                return False
            if then is not None:
                then(connection)
            return True

        return self._run.transaction(update)

    def _update(self, where: sa.ColumnElement[bool], **values: ty.Any) -> bool:
        change = sa.update(TOKENS).where(where).values(values)
        return self._run.statement(
            lambda connection: connection.execute(change).rowcount >= 1
        )

    def _end(self, use: Use) -> ty.Any:
        """Return when a token ends whose request begins to run."""
        return FOREVER if use.lasting else self._end_unsettled

    def _fresh(self, use: Use) -> rows.Row:
        return self._begun(use) | {
            "lease_until": self._lease_end,
            "created_at": self._now,
            "expires_at": self._end(use),
        }

    def _begun(self, use: Use) -> rows.Row:
        """Return what a row holds of a request that runs, but for times."""
        return rows.asked(use) | {
            "host": self._settings.host,
            "state": State.RUNNING.value,
            "owner": use.owner,
            "bound": 0,
            "takeovers": 0,
            "undo": 0,
            "answer_until": None,
            "gone_at": None,
            "status": None,
            "sealed": None,
        }


def bound(connection: sa.Connection, token_id: int) -> dict[int, Resource]:
    """Return what is bound to a row that this transaction has changed.

    Only then is it all that there is: a node of Galera that lags behind does
    not know what another one has committed, but refuses to commit a change of
    a row that was changed there.

    :param connection: the transaction's
    :param token_id: the row's key
    :returns: the resources, by the keys of their bindings
    """
    found = connection.execute(BOUND, {"token": token_id})
    return {row.id: rows.resource(row) for row in found}


def forget(connection: sa.Connection, token_id: int) -> None:
    """Delete what is bound to a row that this transaction has changed.

    In the same transaction: later, a retry might have bound something to it.

    :param connection: the transaction's
    :param token_id: the row's key
    """
    unbind(connection, bound(connection, token_id))


def unbind(connection: sa.Connection, bindings: ty.Collection[int]) -> None:
    """Delete bindings that this transaction has found.

    :param connection: the transaction's
    :param bindings: their keys
    """
    if bindings:
        connection.execute(rows.UNBIND, {"bindings": [*bindings]})
