# SPDX-License-Identifier: Apache-2.0
"""An API process: the engine, its heartbeat, and a few threads."""

from __future__ import annotations

import collections
import typing as ty

from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.engine.heartbeat import Heartbeat
from openstack_idempotency.engine.limits import Limits
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.returns import Returns
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.digest import Digests
from simulation import tuning
from simulation.call import Call
from simulation.call import Calls
from simulation.call import how_long
from simulation.call import names_in
from simulation.call import Said
from simulation.call import State
from simulation.call import why_lapsed
from simulation.call import why_unknown
from simulation.cloud import Cloud
from simulation.history import What
from simulation.line import Line
from simulation.linked import Thing
from simulation.plans import Kind
from simulation.scheduler import Host
from simulation.scheduler import Killed
from simulation.servers import Servers
from simulation.store import Store
from simulation.work import Action
from simulation.work import Work

_DIGESTS = Digests([b"the simulator's secret, which is none"])
_MOST_WAIT = 1
_UNREAD = 0.8
_LIMITS = Limits(
    token_ttl=tuning.TTL,
    wait_timeout=tuning.WAIT,
    max_response_size=60,
    max_waiting=_MOST_WAIT,
)


class Sealer:
    """Seals nothing, but tells one place from another."""

    def seal(self, token: str, context: bytes, data: bytes) -> bytes:
        """Return the data with what it belongs to."""
        return b"\0".join((token.encode(), context, data))

    def open(self, token: str, context: bytes, sealed: bytes) -> bytes | None:
        """Return the data, None if it belongs elsewhere."""
        head = b"\0".join((token.encode(), context, b""))
        return sealed[len(head) :] if sealed.startswith(head) else None


class Process:
    """An API process.

    :param host: its tasks
    :param cloud: the service's tables
    :param threads: how many requests it serves at a time
    :param links: whether it links what older ones do not
    :param calls: all requests of the episode, by their ids
    """

    def __init__(
        self,
        host: Host,
        cloud: Cloud,
        threads: int,
        links: bool,
        calls: Calls,
    ) -> None:
        self.host = host
        self.line = Line(cloud.database, host, cloud.chance, cloud.troubles)
        self.state = State(self.line)
        self._cloud = cloud
        self._links = links
        self._calls = calls
        self._scheduler = cloud.scheduler
        self._drift = cloud.chance.random() * 1000
        self._waiting = 0
        self._free = threads
        self._queue: collections.deque[Call] = collections.deque()
        self._inside: dict[Call, None] = {}
        self._engine = self._start()

    def _start(self) -> Engine:
        history = self._cloud.history
        store = Store(
            self.line, history, lambda whose: why_lapsed(self._calls[whose])
        )
        sleep = self._scheduler.sleep
        return Engine(
            Parts(
                store=store,
                digests=_DIGESTS,
                sealer=Sealer(),
                heartbeat=Heartbeat(store, tuning.LEASE / 3, sleep=sleep),
                returns=Returns(store, sleep=sleep),
                limits=_LIMITS,
                clock=self,
            )
        )

    def monotonic(self) -> float:
        """Return seconds since some moment, another one in each process."""
        return self._scheduler.seconds + self._drift

    def sleep(self, seconds: float, /) -> None:
        """Let a request wait for another one."""
        self._waiting += 1
        if self._waiting > _MOST_WAIT:
            self._cloud.history.note(What.STARVED, -1, "", self.host.name)
        try:
            self._scheduler.sleep(seconds)
        finally:
            self._waiting -= 1

    def start_thread(self, body: ty.Callable[[], None]) -> None:
        """Start a thread of the process.

        :param body: what it does
        :raises RuntimeError: there are no more threads
        """
        if self.state.exhausted_until > self._scheduler.seconds:
            self.state.beatless = True
            raise RuntimeError("can't start new thread")
        self._scheduler.spawn(body, self.host)

    def submit(self, call: Call) -> None:
        """Take a request; it waits until a thread is free.

        :param call: the request
        """
        self._calls[call.request.request_id] = call
        self._inside[call] = None
        self._queue.append(call)
        self._go_on()

    def die(self) -> None:
        """End all that goes on in it, and what it has begun."""
        self.state.dead = True
        self._scheduler.kill(self.host)
        self._cloud.database.cut_off(self.host.name)
        for call in list(self._inside):
            self._leave(call, None)

    def _go_on(self) -> None:
        while self._free and self._queue:
            self._free -= 1
            call = self._queue.popleft()
            if call.client is None and self._cloud.chance.random() < _UNREAD:
                # Its client hung up before the server had read it.
                self._free += 1
                self._leave(call, None)
                continue
            self._scheduler.spawn(lambda c=call: self._serve(c), self.host)  # type: ignore[misc]

    def _serve(self, call: Call) -> None:
        call.entered = self.state.last_entered = self.state.seconds
        said = None
        try:
            said = self._answer(call)
        except Killed:
            raise
        except SystemExit:
            # The server drops the connection, and goes on.
            pass
        except Exception as exc:
            self._note(call, What.CRASHED, type(exc).__name__)
        self._leave(call, said)
        self._free += 1
        self._go_on()

    def _answer(self, call: Call) -> Said:
        work = self._work(call)
        try:
            reply = self._engine.answer(call.request, work)
        except errors.Refusal as refusal:
            subject = refusal.request_id or ""
            said = Said(refusal.verdict, refusal.status, (), subject)
        else:
            said = _said(reply)
        why = ""
        if said.subject in self._calls:
            why = why_unknown(self._calls[said.subject])
        self._note(
            call,
            What.ANSWERED,
            said.verdict.value,
            said.status,
            said.names,
            said.subject,
            why,
            how_long(call),
        )
        if said.ends is not None:
            self._note(call, What.TOLD_END, said.subject, said.ends)
        return said

    def _leave(self, call: Call, said: Said | None) -> None:
        call.over = True
        call.said = said
        del self._inside[call]
        self._note(call, What.LEFT, self._holds(call, said))
        if call.client is not None:
            self._scheduler.wake(call.client)

    def _holds(self, call: Call, said: Said | None) -> str:
        """Tell whether a request that is over keeps others from its token."""
        if self.state.dead or self.line.failed_at >= call.entered:
            return "excused"
        if said is not None and said.verdict is Verdict.RUNNING:
            # It does not know whether it does, and gives it back.
            return "excused"
        place = self._cloud.history.places.get(call.plan.number)
        row = place and self._cloud.database.rows.get(place)
        if not row:
            return "free"
        record = row.record
        _, holder = self._cloud.history.holders[record.owner]
        mine = holder == call.request.request_id
        if mine and record.runs(self._cloud.database.now):
            return "holds"
        return "free"

    def _work(self, call: Call) -> Work:
        plan, name = call.plan, call.request.request_id
        match plan.kind:
            case Kind.SERVERS:
                work: Work = Servers(self._cloud, self.line, plan, name)
            case Kind.THING | Kind.UPGRADED:
                work = Thing(self._cloud, self.line, plan, name)
                work.linked = self._links or plan.kind is Kind.THING
            case Kind.ACTION:
                work = Action(self._cloud, self.line, plan, name)
        work.runs = lambda runs: self._runs(call, runs)
        return work

    def _runs(self, call: Call, runs: bool) -> None:
        call.runs = runs
        if runs:
            call.ran = True
            if self.state.exhausted_until <= self._scheduler.seconds:
                # Its heartbeat has had its chance to start a thread.
                self._beats()

    def _beats(self) -> None:
        if self.state.beatless:
            self.state.beatless = False
            self.state.in_trouble(self._scheduler.seconds)

    def _note(self, call: Call, what: What, *says: ty.Any) -> None:
        self._cloud.history.note(
            what, call.plan.number, call.request.request_id, *says
        )


def _said(reply: Reply) -> Said:
    answer = reply.answer
    return Said(
        reply.verdict,
        answer.status,
        names_in(answer.body),
        reply.request_id or "",
        reply.expires_at if answer.succeeded else None,
    )
