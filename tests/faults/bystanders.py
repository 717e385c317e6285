# SPDX-License-Identifier: Apache-2.0
"""Other users, who must notice nothing of a worker that stands still."""

from __future__ import annotations

from concurrent import futures
import contextlib
import dataclasses
import signal
import time
import typing as ty

from chaos.checker import BOUND
from chaos.client import Answer
from chaos.client import Client
from chaos.hosts import Worker
from chaos.sabotage import Order
from chaos.sabotage import Trouble
from openstack_idempotency.engine.points import Point
from tests.faults import waits

# While it lasts, the heartbeat of its process renews its lease.
_LASTING = Order(Trouble.LAST, Point.EXTENDING)
_STOPPED = Order(Trouble.FREEZE, Point.BEFORE_METHOD)
# Longer than any lock is waited for: a wait is to be seen as such.
_TIMEOUT = 60.0
#: Seconds for a request that stands still: as long as all others may take,
#: one after the other.
UNTIL_ALL_HAVE_ASKED = 900.0


@dataclasses.dataclass(frozen=True)
class Asked:
    """One request of a bystander.

    :param what: what it is
    :param client: whose
    :param port: of the worker to whom it is sent
    :param order: what happens to it, None for nothing
    :param reads: whether it is a GET
    :param bound: seconds in which it has its answer
    """

    what: str
    client: Client
    port: int
    order: Order | None = None
    reads: bool = False
    bound: float = BOUND

    def send(self) -> str | None:
        """Send it, and return what is wrong with its answer, if anything."""
        if self.reads:
            get = self.client.get
            return self.timed(lambda: (get(self.port, _TIMEOUT), None))
        post = self.client.post
        return self.timed(
            lambda: _told(post(self.port, self.order, _TIMEOUT))
        )

    def timed(
        self, send: ty.Callable[[], tuple[int, str | None]]
    ) -> str | None:
        """Return what is wrong with an answer, if anything.

        :param send: waits for it, and returns its status and state
        """
        started = time.monotonic()
        status, state = send()
        seconds = time.monotonic() - started
        refusal = None if self.reads else self.client.operation.refusal
        right = status < 400 if refusal is None else status == refusal
        if right and seconds < self.bound:
            return None
        return f"{self.what}: {status} {state} after {seconds:.1f} s"


class Bystanders:
    """All of them, on workers that are in no trouble.

    :param worker: where requests are sent that last
    :param other: another one, which stands still for a while, too
    :param url: the database of the API
    :param begins: who sends a request that stands still there
    :param lasts: who sends one during which its lease is renewed
    :param asked: all other requests
    :param bound: seconds in which the first two have their answers
    """

    def __init__(
        self,
        worker: Worker,
        other: Worker,
        url: str,
        *,
        begins: Client,
        lasts: Client,
        asked: ty.Sequence[Asked],
        bound: float = BOUND,
    ) -> None:
        self._other = other
        self._url = url
        self._begins = Asked(
            "one that had claimed before", begins, other.port, bound=bound
        )
        self._lasts = Asked(
            "one that lasts", lasts, worker.port, _LASTING, bound=bound
        )
        self._asked = asked
        self._clients = futures.ThreadPoolExecutor(2)
        self._begun: futures.Future[Answer] | None = None

    @contextlib.contextmanager
    def began(self) -> ty.Iterator[ty.Self]:
        """Let a request claim its token, and go no further until later."""
        with self._clients:
            self._begun = self._clients.submit(
                self._begins.client.post,
                self._other.port,
                _STOPPED,
                UNTIL_ALL_HAVE_ASKED,
            )
            self._other.wait_until("stopped")
            try:
                yield self
            finally:
                self._other.signal(signal.SIGCONT)

    def faults(self) -> list[str]:
        """Ask for all that bystanders ask for; return what is wrong."""
        watch = waits.Watch(self._url)
        found: list[str | None] = []
        with watch.kept():
            renewed = self._clients.submit(self._lasts.send)
            found += [asked.send() for asked in self._asked]
            found.append(renewed.result())
            found.append(self._goes_on())
        found.append(watch.waited)
        return [fault for fault in found if fault is not None]

    def _goes_on(self) -> str | None:
        begun = self._begun
        assert begun is not None
        self._other.signal(signal.SIGCONT)
        return self._begins.timed(lambda: _told(begun.result()))


def _told(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.state
