# SPDX-License-Identifier: Apache-2.0
"""Other users, who must notice nothing of a worker that stands still."""

from __future__ import annotations

from concurrent import futures
import contextlib
import dataclasses
import signal
import time
import typing as ty
import uuid

from chaos.checker import BOUND
from chaos.client import Answer
from chaos.client import Client
from chaos.client import KEYPAIR
from chaos.client import SERVER
from chaos.hosts import Worker
from chaos.sabotage import Order
from chaos.sabotage import Trouble
from openstack_idempotency.engine.points import Point
from tests.faults import scenes
from tests.faults import waits

# While it lasts, the heartbeat of its process renews its lease.
_LASTING = Order(Trouble.LAST, Point.EXTENDING)
_STOPPED = Order(Trouble.FREEZE, Point.BEFORE_METHOD)
# Longer than any lock is waited for: a wait is to be seen as such.
_TIMEOUT = 60.0


@dataclasses.dataclass(frozen=True)
class _Asked:
    """One request of a bystander.

    :param what: what it is
    :param client: whose
    :param order: what happens to it, None for nothing
    """

    what: str
    client: Client
    order: Order | None = None

    def fault(self, answer: Answer, seconds: float) -> str | None:
        """Return what is wrong with its answer, None if nothing is."""
        refusal = self.client.operation.refusal
        right = (
            answer.succeeded if refusal is None else answer.status == refusal
        )
        if right and seconds < BOUND:
            return None
        says = f"{answer.status} {answer.state} after {seconds:.1f} s"
        return f"{self.what}: {says}"


def _requests() -> ty.Iterator[_Asked]:
    for name, operation in (
        ("a boot", SERVER),
        ("a keypair", KEYPAIR),
        ("what is refused", scenes.REFUSED),
    ):
        for with_, tokened in (("a new", True), ("no", False)):
            client = Client(uuid.uuid4().hex, operation, tokened=tokened)
            yield _Asked(f"{name} with {with_} token", client)


class Bystanders:
    """All of them, on workers that are in no trouble.

    :param worker: where they send their requests
    :param other: another one, which stands still for a while, too
    :param url: the API database
    """

    def __init__(self, worker: Worker, other: Worker, url: str) -> None:
        self._worker = worker
        self._other = other
        self._url = url
        self._clients = futures.ThreadPoolExecutor(2)
        self._begun: futures.Future[Answer] | None = None

    @contextlib.contextmanager
    def began(self) -> ty.Iterator[ty.Self]:
        """Let a request claim its token, and go no further until later."""
        asked = _Asked("", Client(uuid.uuid4().hex))
        with self._clients:
            self._begun = self._clients.submit(
                asked.client.post, self._other.port, _STOPPED, _TIMEOUT
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
            lasting = _Asked(
                "one that lasts", Client(uuid.uuid4().hex), _LASTING
            )
            renewed = self._clients.submit(self._ask, lasting)
            for asked in _requests():
                found.append(self._ask(asked))
            found.append(renewed.result())
            found.append(self._goes_on())
        found.append(watch.waited)
        return [fault for fault in found if fault is not None]

    def _ask(self, asked: _Asked) -> str | None:
        post = asked.client.post
        return _timed(
            asked, lambda: post(self._worker.port, asked.order, _TIMEOUT)
        )

    def _goes_on(self) -> str | None:
        assert self._begun is not None
        asked = _Asked("one that had claimed before", Client(""))
        self._other.signal(signal.SIGCONT)
        return _timed(asked, self._begun.result)


def _timed(asked: _Asked, post: ty.Callable[[], Answer]) -> str | None:
    started = time.monotonic()
    return asked.fault(post(), time.monotonic() - started)
