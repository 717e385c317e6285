# SPDX-License-Identifier: Apache-2.0
"""Trouble inside a worker, at a point that the request itself names."""

from __future__ import annotations

import contextvars
import dataclasses
import enum
import os
import signal
import threading
import time
import typing as ty
import uuid

from chaos import commits
from chaos.history import History
from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point

HEADER = "X-Sabotage"
_ENVIRON = "HTTP_X_SABOTAGE"
_COMMIT = "commit-"
# A request that has to meet the heartbeat, or a purge, lasts here until it
# has: in the method, before it holds a lock.
_LASTS_AT = Point.BEFORE_LINK
_BESIDE = (Point.EXTENDING, Point.PURGING, Point.MARKING)
# Seconds that it lasts at most, and between two looks.
_LASTS = 10.0
_LOOK_EVERY = 0.05


class Trouble(enum.Enum):
    """What can happen to a worker."""

    KILL = "kill"
    FREEZE = "freeze"
    CUT = "cut"
    #: None: the request lasts until its lease has been renewed.
    LAST = "last"


@dataclasses.dataclass(frozen=True)
class Commit:
    """The end of a transaction that writes the product's tables.

    Its statements are done and hold their locks; its commit is to come.

    :param number: which of those that one request makes, from 1 on
    """

    number: int

    @property
    def value(self) -> str:
        """How an order names it."""
        return f"{_COMMIT}{self.number}"


@dataclasses.dataclass(frozen=True)
class Order:
    """Trouble at a point, for the one request that bears it.

    :param trouble: what happens
    :param point: where
    """

    trouble: Trouble
    point: Point | Commit

    def __str__(self) -> str:
        return f"{self.trouble.value} {self.point.value}"

    @classmethod
    def parse(cls, text: str) -> Order:
        """Return what a header says.

        :param text: the header's value
        """
        trouble, point = text.split()
        number = point.removeprefix(_COMMIT)
        if number != point:
            return cls(Trouble(trouble), Commit(int(number)))
        return cls(Trouble(trouble), Point(point))


@dataclasses.dataclass
class _Request:
    """A request on its way.

    :param order: what is still to happen to it
    :param commits: how many it has come to
    :param renewals: how many of its lease have begun, if that is to happen
    """

    order: Order | None
    commits: int = 0
    renewals: int = 0

    def due(self, point: Point | Commit) -> Order | None:
        """Return its order if that is due at a point; it is only once.

        :param point: the point that a thread has come to
        """
        if self.order is None or self.order.point != point:
            return None
        if self.order.trouble is Trouble.LAST:
            # One has ended when the next one begins.
            self.renewals += 1
            if self.renewals == 1:
                return None
        order, self.order = self.order, None
        return order

    def last(self) -> None:
        """Wait for another thread, if it is to carry the order out."""
        deadline = time.monotonic() + _LASTS
        while (
            self.order is not None
            and self.order.point in _BESIDE
            and time.monotonic() < deadline
        ):
            time.sleep(_LOOK_EVERY)


_serving: contextvars.ContextVar[_Request | None] = contextvars.ContextVar(
    "serving", default=None
)


class Saboteur:
    """A WSGI middleware round Nova's pipeline; arms the fault points.

    :param application: Nova's pipeline
    :param cut: breaks the worker's connections to the API database
    :param history: gets the troubles, and the takeovers of tokens
    """

    def __init__(
        self, application: ty.Any, cut: ty.Callable[[], None], history: History
    ) -> None:
        self._application = application
        self._cut = cut
        self._history = history
        self._requests: dict[str, _Request] = {}
        points.arm(self._reached)
        commits.watch(self._commit)

    def __call__(
        self, environ: dict[str, ty.Any], start_response: ty.Any
    ) -> ty.Iterable[bytes]:
        """Serve a request."""
        text = environ.get(_ENVIRON)
        mine = _Request(Order.parse(text) if text else None)
        _serving.set(mine)
        request, began = uuid.uuid4().hex, time.monotonic()
        self._requests[request] = mine
        self._history.note("entered", id=request, pid=os.getpid())
        try:
            answer: ty.Iterable[bytes] = self._application(
                environ, start_response
            )
        finally:
            del self._requests[request]
            _serving.set(None)
            self._history.note(
                "left",
                id=request,
                pid=os.getpid(),
                seconds=time.monotonic() - began,
            )
        return answer

    def _reached(self, point: Point) -> None:
        if point is Point.AFTER_TAKEOVER:
            self._history.note("takeover")
        mine = _serving.get()
        if mine is not None and point is _LASTS_AT:
            mine.last()
        self._carry_out(point)

    def _commit(self) -> None:
        mine = _serving.get()
        if mine is not None:
            mine.commits += 1
            self._carry_out(Commit(mine.commits))

    def _carry_out(self, point: Point | Commit) -> None:
        mine = _serving.get()
        # These threads serve no request: they take the orders of any.
        bearers = [*self._requests.values()] if mine is None else [mine]
        orders = (bearer.due(point) for bearer in bearers)
        order = next((order for order in orders if order is not None), None)
        if order is None:
            return
        self._history.note("sabotage", order=str(order), pid=os.getpid())
        if order.trouble is Trouble.CUT:
            self._cut()
            self._history.note("cut")
        elif order.trouble is Trouble.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        elif order.trouble is Trouble.FREEZE:
            # To this thread, so that it goes no further: sent to the whole
            # process, another thread might take it a moment later.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
