# SPDX-License-Identifier: Apache-2.0
"""A simulated database: rows, their locks, and transactions.

What a transaction changes is seen by others when it is committed, and its
locks hold until then. It is like READ COMMITTED on a real server, except that
it never locks what is not there.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as ty

from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.scope import Scope
from simulation import tuning
from simulation.scheduler import Scheduler
from simulation.scheduler import Task


class Broken(Exception):
    """The connection is gone, and with it what was not committed."""


class LockTimeout(Exception):
    """Another transaction holds what this one needs, and does not end."""


class Lockable:
    """Something that one transaction at a time may change."""

    __slots__ = ("holder", "waiting")

    def __init__(self) -> None:
        self.holder: Transaction | None = None
        self.waiting: list[Task] = []


class Row(Lockable):
    """The row of a token.

    :param record: what it holds, as far as it is committed
    :param scope: whose it is
    :param created_at: when it was claimed, in milliseconds
    """

    __slots__ = ("created_at", "gone", "record", "scope")

    def __init__(self, record: Record, scope: Scope, created_at: int) -> None:
        super().__init__()
        self.record = record
        self.scope = scope
        self.created_at = created_at
        #: Whether it lasted, and a purge has seen that nothing is left.
        self.gone = False

    def lasting(self, record: Record) -> bool:
        """Tell whether its end depends on what was made.

        :param record: what it holds for a transaction
        """
        return self.gone or record.expires_at == FOREVER


@dataclasses.dataclass
class Withdrawal:
    """A withdrawn resource.

    :param todo: what is to be undone for it
    :param undone: whether that was done
    """

    todo: str
    undone: bool = False


Place = tuple[bytes, str]


class Database:
    """The tables of tokens, as they are committed.

    :param scheduler: simulated time
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.rows: dict[Place, Row] = {}
        self.by_key: dict[int, Row] = {}
        self.resources: dict[int, dict[int, Resource]] = (
            collections.defaultdict(dict)
        )
        self.withdrawals: dict[int, list[Withdrawal]] = (
            collections.defaultdict(list)
        )
        #: Until when it is down, in simulated seconds, and how often it was.
        self.down_until = 0.0
        self.restarts = 0
        self._open: dict[Transaction, None] = {}
        self._keys = 0

    @property
    def now(self) -> int:
        """The time of day by the clock of the database, in milliseconds."""
        return tuning.EPOCH + self.scheduler.now // 1000

    @property
    def down(self) -> bool:
        """Whether it is down."""
        return self.scheduler.seconds < self.down_until

    def next_key(self) -> int:
        """Return a primary key that no row has, or had."""
        self._keys += 1
        return self._keys

    def begin(self, host: str) -> Transaction:
        """Begin a transaction.

        :param host: the process that it is for
        """
        transaction = Transaction(self, host)
        self._open[transaction] = None
        return transaction

    def ended(self, transaction: Transaction) -> None:
        """Forget a transaction that is over.

        :param transaction: the transaction
        """
        self._open.pop(transaction, None)

    def restart(self, seconds: float) -> None:
        """Go down, and come back without what was not committed.

        :param seconds: for how long
        """
        self.down_until = self.scheduler.seconds + seconds
        self.restarts += 1
        for transaction in list(self._open):
            transaction.roll_back()

    def cut_off(self, host: str) -> None:
        """Roll back what a process has begun, as if it were gone.

        :param host: the process
        """
        for transaction in list(self._open):
            if transaction.host == host:
                transaction.roll_back()


class Transaction:
    """A transaction, of one statement or of several.

    :param database: the database
    :param host: the process that it is for
    """

    __slots__ = (
        "_database",
        "_held",
        "_records",
        "_staged",
        "host",
        "open",
        "restarts",
    )

    def __init__(self, database: Database, host: str) -> None:
        self._database = database
        self.host = host
        self.restarts = database.restarts
        self.open = True
        self._held: list[Lockable] = []
        self._staged: list[ty.Callable[[], object]] = []
        self._records: dict[Row, Record | None] = {}

    def lock(self, thing: Lockable, patience: float) -> None:
        """Lock something, and wait for it as long as that is allowed.

        :param thing: what
        :param patience: seconds
        :raises LockTimeout: that was not long enough
        :raises Broken: the transaction was rolled back meanwhile
        """
        scheduler = self._database.scheduler
        deadline = scheduler.seconds + patience
        while not self.try_lock(thing):
            left = deadline - scheduler.seconds
            task = scheduler.current
            assert task is not None  # noqa: S101 - only tasks wait
            thing.waiting.append(task)
            woken = left > 0 and scheduler.wait(left)
            if task in thing.waiting:
                thing.waiting.remove(task)
            if not self.open:
                raise Broken
            if not woken:
                raise LockTimeout

    def try_lock(self, thing: Lockable) -> bool:
        """Lock something, unless another transaction has it.

        :param thing: what
        """
        if not self.open:
            raise Broken
        if thing.holder is self:
            return True
        if thing.holder is not None:
            return False
        thing.holder = self
        self._held.append(thing)
        return True

    def read(self, row: Row) -> Record | None:
        """Return what a row holds for this transaction; None: it is gone.

        :param row: the row
        """
        if row in self._records:
            return self._records[row]
        there = self._database.by_key.get(row.record.id)
        return row.record if there is row else None

    def write(self, row: Row, **values: ty.Any) -> None:
        """Change a row that is locked.

        :param row: the row
        :param values: what it holds from now on
        """
        record = self.read(row)
        assert record is not None  # noqa: S101 - it is locked
        self._records[row] = Record(**{**record.__dict__, **values})

    def delete(self, row: Row) -> None:
        """Delete a row that is locked.

        :param row: the row
        """
        self._records[row] = None

    def stage(self, change: ty.Callable[[], object]) -> None:
        """Change something else when it is committed.

        :param change: makes the change
        """
        self._staged.append(change)

    def commit(self) -> None:
        """Let everybody see what was changed.

        :raises Broken: it was rolled back before
        """
        if not self.open:
            raise Broken
        database = self._database
        for row, record in self._records.items():
            if record is not None:
                row.record = record
                continue
            place = (row.record.digest, row.scope.target)
            if database.rows.get(place) is row:
                del database.rows[place]
            database.by_key.pop(row.record.id, None)
        for change in self._staged:
            change()
        self._end()

    def roll_back(self) -> None:
        """Undo all of it."""
        if self.open:
            self._end()

    def _end(self) -> None:
        self.open = False
        self._database.ended(self)
        for thing in self._held:
            thing.holder = None
            waiting, thing.waiting = thing.waiting, []
            for task in waiting:
                self._database.scheduler.wake(task)
