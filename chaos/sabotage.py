# SPDX-License-Identifier: Apache-2.0
"""Trouble inside a worker, at a point that the request itself names."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
import contextvars
import dataclasses
import enum
import os
import signal
import threading
import time
import typing as ty
import uuid

from chaos.history import History
from nova.openstack.common.idempotency import faults
from nova.openstack.common.idempotency.faults import Point

HEADER = "X-Sabotage"
_ENVIRON = "HTTP_X_SABOTAGE"


class Trouble(enum.Enum):
    """What can happen to a worker."""

    KILL = "kill"
    FREEZE = "freeze"
    CUT = "cut"


@dataclasses.dataclass(frozen=True)
class Order:
    """Trouble at a point, for the one request that bears it.

    :param trouble: what happens
    :param point: where
    """

    trouble: Trouble
    point: Point

    def __str__(self) -> str:
        return f"{self.trouble.value} {self.point.value}"

    @classmethod
    def parse(cls, text: str) -> Order:
        """Return what a header says.

        :param text: the header's value
        """
        trouble, point = text.split()
        return cls(Trouble(trouble), Point(point))


_ordered: contextvars.ContextVar[Order | None] = contextvars.ContextVar(
    "sabotage", default=None
)


class Saboteur:
    """A WSGI middleware round Nova's pipeline; arms the fault points.

    :param application: Nova's pipeline
    :param cut: breaks the worker's connections to the API database
    :param history: gets the troubles, and the takeovers of tokens
    """

    def __init__(
        self, application: ty.Any, cut: Callable[[], None], history: History
    ) -> None:
        self._application = application
        self._cut = cut
        self._history = history
        faults.arm(self._reached)

    def __call__(
        self, environ: dict[str, ty.Any], start_response: ty.Any
    ) -> Iterable[bytes]:
        """Serve a request."""
        text = environ.get(_ENVIRON)
        _ordered.set(Order.parse(text) if text else None)
        request, began = uuid.uuid4().hex, time.monotonic()
        self._history.note("entered", id=request, pid=os.getpid())
        try:
            answer: Iterable[bytes] = self._application(
                environ, start_response
            )
        finally:
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
        order = _ordered.get()
        if order is None or order.point is not point:
            return
        _ordered.set(None)
        self._history.note("sabotage", order=str(order), pid=os.getpid())
        if order.trouble is Trouble.CUT:
            self._cut()
            self._history.note("cut")
        elif order.trouble is Trouble.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            # To this thread, so that it goes no further: sent to the whole
            # process, another thread might take it a moment later.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
