# SPDX-License-Identifier: Apache-2.0
"""A process's line to the database: slow at times, and it breaks.

It breaks before a commit, so that nothing was done, or after it, so that all
was done and nobody was told. Our steps are retried, as
``openstack_idempotency.sql.transaction.Runner`` does; the service's own are
not.
"""

from __future__ import annotations

import random
import typing as ty

from openstack_idempotency.protocol import errors
from simulation import tuning
from simulation.database import Broken
from simulation.database import Database
from simulation.database import LockTimeout
from simulation.database import Transaction
from simulation.scheduler import Host

_T = ty.TypeVar("_T")
Body = ty.Callable[["Session"], _T]


class Locked(errors.Unavailable):
    """Another transaction has what a step of ours needs."""


class Deadlock(Exception):
    """The server chose this transaction, so that others could go on."""


class Session:
    """A transaction over the line: each statement takes time, or breaks.

    :param line: the line
    :param transaction: the transaction
    :param patience: seconds that it waits for a lock
    """

    __slots__ = ("_line", "_patience", "transaction")

    def __init__(
        self, line: Line, transaction: Transaction, patience: float
    ) -> None:
        self._line = line
        self.transaction = transaction
        self._patience = patience

    def statement(self) -> None:
        """Send the next statement.

        :raises Broken: the connection broke before
        """
        self._line.pass_over()
        if not self.transaction.open:
            raise Broken

    def lock(self, thing: ty.Any) -> None:
        """Lock something, and wait for it.

        :param thing: what
        :raises LockTimeout: another transaction has it, and does not end
        """
        self.transaction.lock(thing, self._patience)


class Line:
    """The line of one process to the database.

    :param database: the database
    :param host: the process
    :param chance: the dice
    :param troubles: how likely it breaks
    """

    def __init__(
        self,
        database: Database,
        host: Host,
        chance: random.Random,
        troubles: tuning.Troubles,
    ) -> None:
        self.database = database
        self._host = host
        self._chance = chance
        self._troubles = troubles
        self._scheduler = database.scheduler
        #: Until when it is cut, in simulated seconds.
        self.cut_until = 0.0
        #: When it last kept a step from being done, in simulated seconds.
        self.failed_at = -1e9

    def statement(self, body: Body[_T]) -> _T:
        """Run a step of ours of one statement.

        :param body: what it does, at once
        :raises errors.Unavailable: the database does not answer
        :raises Locked: it waits too long for a lock
        """
        return self._again_and_again(body, tuning.LOCK_OURS)

    # One of several statements differs in what its body does: it gives way
    # between them.
    transaction = statement

    def service(self, body: Body[_T]) -> _T:
        """Run a transaction of the service.

        :param body: what it does
        :raises Broken: the connection broke: it may have been committed
        :raises LockTimeout: it waits too long for a lock
        :raises Deadlock: it was rolled back for another one
        """
        if self._chance.random() < self._troubles.deadlock:
            self.pass_over()
            raise Deadlock
        return self._once(body, tuning.LOCK_SERVICE)

    def pass_over(self) -> None:
        """Let a message to the database take its time.

        :raises Broken: it does not arrive
        """
        chance = self._chance
        self._scheduler.sleep(chance.random() * tuning.STATEMENT)
        if self.reachable:
            if chance.random() >= self._troubles.line:
                return
        elif not self.database.down:
            # Nobody says that nobody answers.
            self._scheduler.sleep(tuning.SILENCE)
        raise Broken

    @property
    def reachable(self) -> bool:
        """Whether the database can be reached now."""
        return (
            not self.database.down
            and self._scheduler.seconds >= self.cut_until
        )

    def _again_and_again(self, body: Body[_T], patience: float) -> _T:
        deadline = self._scheduler.seconds + tuning.DEADLINE
        for number in range(tuning.TRIES):
            try:
                return self._once(body, patience)
            except LockTimeout:
                self.failed_at = self._scheduler.seconds
                raise Locked from None
            except Broken:
                if self._scheduler.seconds >= deadline:
                    break
            pause = min(0.4, 0.05 * 2**number)
            self._scheduler.sleep(self._chance.random() * pause)
        self.failed_at = self._scheduler.seconds
        raise errors.Unavailable

    def _once(self, body: Body[_T], patience: float) -> _T:
        self.pass_over()
        transaction = self.database.begin(self._host.name)
        try:
            result = body(Session(self, transaction, patience))
            gone = not self.reachable and self._chance.random() < 0.5
            if gone or self._chance.random() < self._troubles.line:
                raise Broken
            transaction.commit()
        except Broken:
            self._broken(transaction)
            raise
        except BaseException:
            transaction.roll_back()
            raise
        self._answer()
        return result

    def _answer(self) -> None:
        """Let the word that it is done come back, or not."""
        dice = self._chance.random()
        if not self.reachable or dice < self._troubles.line:
            raise Broken
        if dice < tuning.SLOW_ANSWER:
            self._scheduler.sleep(self._chance.random() * tuning.STATEMENT)
            if not self.reachable:
                raise Broken

    def _broken(self, transaction: Transaction) -> None:
        # The server may notice later that nobody is there any more.
        if self._chance.random() < tuning.GHOST:
            self._scheduler.spawn(
                transaction.roll_back,
                after=self._chance.random() * tuning.GHOST_LIFE,
            )
        else:
            transaction.roll_back()
