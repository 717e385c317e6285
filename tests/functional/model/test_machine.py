# SPDX-License-Identifier: Apache-2.0
"""Protocol section 5 on the real engine, store and link: its promises hold.

The rules are those of model/client_tokens.pml, which Spin checks in every
state; here Hypothesis looks for a way to break the code itself.
"""

from __future__ import annotations

import dataclasses
import json
import typing as ty

import fixtures
import hypothesis
from hypothesis import stateful
from hypothesis import strategies as st
import sqlalchemy as sa

from openstack_idempotency.engine import points
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import State
from openstack_idempotency.sql import link
from openstack_idempotency.sql import tables
from tests.functional.db import base
from tests.functional.model import actors
from tests.functional.model import plans
from tests.functional.model import seen
from tests.functional.model.actors import Worker
from tests.functional.model.plans import End
from tests.functional.model.plans import Plan
from tests.functional.model.plans import Token
from tests.functional.model.seen import Life
from tests.functional.model.seen import Seen

# More points than any request passes, including its looks while it waits.
_STEPS = 60


class Machine(stateful.RuleBasedStateMachine):
    """Retries, deaths, long sleeps and time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.logs = fixtures.FakeLogger()
        self.logs.setUp()
        self.database = base.Database("sqlite")
        self.database.setUp()
        for metadata in (tables.METADATA, base.BASE.metadata):
            metadata.create_all(self.database.engine)
        link.listen(base.THING)
        self.service = actors.Service(self.database)
        actors.stop_at_points()
        self.workers: list[Worker] = []
        self.lives = {token: Life() for token in Token}
        # The life of its token for which a request runs, and all that was
        # ever committed, by the request that did it.
        self.runs_for: dict[str, Life] = {}
        self.committed: dict[tuple[str, str], Worker] = {}
        self.seen = self.see()

    def teardown(self) -> None:
        points.arm(None)
        for worker in self.workers:
            worker.clear_away()
        self.database.cleanUp()
        self.logs.cleanUp()

    # What can happen

    @property
    def alive(self) -> list[Worker]:
        return [worker for worker in self.workers if not worker.over]

    def pick(self, number: int) -> Worker:
        return self.alive[number % len(self.alive)]

    @stateful.initialize(steps=plans.STEPS_AT_ONCE)
    def first_request_comes_in(self, steps: int) -> None:
        self.go_on(self.send(Plan(Token.LINKED)), steps)

    @stateful.precondition(lambda self: len(self.alive) < 4)
    @stateful.rule(plan=plans.PLANS, steps=plans.STEPS_AT_ONCE)
    def request_comes_in(self, plan: Plan, steps: int) -> None:
        self.go_on(self.send(plan), steps)

    @stateful.precondition(lambda self: self.alive)
    @stateful.rule(worker=plans.WORKER, steps=plans.STEPS_AT_ONCE)
    def worker_goes_on(self, worker: int, steps: int) -> None:
        self.go_on(self.pick(worker), steps)

    @stateful.precondition(lambda self: self.locked)
    @stateful.rule()
    def transaction_ends(self) -> None:
        # While it lasts nobody else can write: SQLite has one writer.
        for worker in self.alive:
            while worker.writing:
                self.go_on(worker, 1)

    @stateful.precondition(lambda self: self.alive)
    @stateful.rule(worker=plans.WORKER)
    def worker_dies(self, worker: int) -> None:
        self.pick(worker).kill()
        self.assert_unchanged(self.see())

    @stateful.precondition(lambda self: self.alive)
    @stateful.rule(worker=plans.WORKER)
    def heart_beats(self, worker: int) -> None:
        claim = self.service.heartbeats.claims.get(
            self.pick(worker).owner or ""
        )
        if claim is not None and not self.locked:
            self.service.store.extend([claim])
            self.seen = self.see()

    @stateful.precondition(lambda self: self.workers)
    @stateful.rule(seconds=plans.TIMES)
    def time_passes(self, seconds: float) -> None:
        self.service.clock.forward(seconds)

    @stateful.precondition(lambda self: self.alive)
    @stateful.rule(worker=plans.WORKER, end=plans.ENDS, wakes_up=st.booleans())
    def client_retries_what_sleeps(
        self, worker: int, end: End, wakes_up: bool
    ) -> None:
        self.service.clock.forward(plans.LEASE)
        asleep = self.pick(worker)
        retry = dataclasses.replace(asleep.plan, end=end)
        self.go_on(self.send(retry), _STEPS)
        if wakes_up:
            self.go_on(asleep, _STEPS)

    @stateful.precondition(lambda self: self.seen.things and not self.locked)
    @stateful.rule(number=plans.WORKER)
    def user_deletes_a_resource(self, number: int) -> None:
        keys = sorted(self.seen.things)
        thing = base.Thing.id == keys[number % len(keys)]
        with self.database.engine.begin() as connection:
            connection.execute(sa.delete(base.Thing).where(thing))
        self.seen = self.see()

    # Promise 3: no retry waits for ever

    @stateful.rule(plan=plans.PLANS)
    def retry_while_all_others_sleep(self, plan: Plan) -> None:
        worker = self.send(plan)
        self.go_on(worker, _STEPS)
        assert worker.over, f"{worker} waits for ever"

    @stateful.precondition(lambda self: len(self.workers) > 4)
    @stateful.rule()
    def all_wake_up_and_clients_retry(self) -> None:
        # One that has a transaction open goes first: SQLite has one writer.
        for worker in sorted(self.alive, key=lambda w: not w.writing):
            self.go_on(worker, _STEPS)
            assert worker.over, f"{worker} waits for ever"
        for token in Token:
            asks = self.lives[token].asks or 0
            # Its lease may have to run out once, and no more.
            first = self.send(Plan(token, asks))
            self.go_on(first, _STEPS)
            if not first.definite:
                self.service.clock.forward(plans.LEASE)
                retry = self.send(Plan(token, asks))
                self.go_on(retry, _STEPS)
                assert retry.definite, f"{retry} has no answer"

    # Promises 1 and 2

    @stateful.invariant()
    def one_token_makes_one_set(self) -> None:
        for token, life in self.lives.items():
            assert len(life.makers) <= 1, f"{token}: {life.makers}"
            assert len(life.ran) <= 1, f"{token}: {life.ran}"

    @stateful.invariant()
    def what_a_token_names_was_committed(self) -> None:
        for token, names in self.seen.names.items():
            for name in names:
                assert name in self.committed, f"{token} names {name}"

    @stateful.invariant()
    def what_was_committed_is_named(self) -> None:
        for token in self.seen.rows:
            assert self.seen.names[token] == self.lives[token].made

    # How it is seen

    @property
    def locked(self) -> bool:
        return any(worker.writing for worker in self.alive)

    def send(self, plan: Plan) -> Worker:
        worker = Worker(self.service, len(self.workers), plan)
        self.workers.append(worker)
        return worker

    def go_on(self, worker: Worker, steps: int) -> None:
        for _ in range(steps):
            if worker.over:
                return
            worker.resume()
            self.judge(worker)

    def see(self) -> Seen:
        return seen.see(self.database.engine)

    def judge(self, worker: Worker) -> None:
        """Compare what was committed before a worker's step, and after."""
        before, after = self.seen, self.see()
        life = self.lives[worker.plan.token]
        for key in after.things.keys() - before.things.keys():
            name = (after.things[key], str(key))
            self.committed[name] = worker
            life.makers.add(worker.request_id)
            life.made.add(name)
        if worker in self.service.acted:
            self.runs_for[worker.request_id].ran.add(worker.request_id)
        self.one_token_makes_one_set()
        for token in Token:
            self.follow(token, worker, before, after)
        self.seen = after
        if worker.over:
            self.judge_answer(worker)
        # Not only when a rule ends: a later step could hide it.
        self.what_a_token_names_was_committed()
        self.what_was_committed_is_named()

    def follow(
        self, token: Token, worker: Worker, before: Seen, after: Seen
    ) -> None:
        """See what a worker's step made of one token's row."""
        was, is_ = before.rows.get(token), after.rows.get(token)
        held = was is not None and was.owner == worker.owner
        holds = is_ is not None and is_.owner == worker.owner
        if not held and not holds:
            # A former owner, or one that never was it, changes nothing.
            assert was == is_, f"{worker} changed what it does not hold"
            assert before.names.get(token) == after.names.get(token)
            new = after.things.keys() - before.things.keys()
            assert not new or token is not worker.plan.token, (
                f"{worker} made something for a token it does not hold"
            )
            return
        if is_ is None or (held and self.is_free(is_)):
            # What it made has to be gone, too.
            left = {name for name, _ in self.lives[token].made}
            assert not left & set(after.things.values())
            self.lives[token] = Life()
        elif was is None or was.request_id != is_.request_id:
            now = self.service.clock.milliseconds
            if was is not None and was.expires_at <= now:
                leased = was.state == State.RUNNING.value
                assert not (leased and was.lease_until > now)
                self.lives[token] = Life()
            self.lives[token].asks = worker.plan.asks
            self.runs_for[worker.request_id] = self.lives[token]

    def is_free(self, row: sa.Row[ty.Any]) -> bool:
        now = self.service.clock.milliseconds
        return not row.lease_until and row.expires_at <= now

    def judge_answer(self, worker: Worker) -> None:
        plan = worker.plan
        if isinstance(worker.refusal, errors.Different):
            assert worker.request_id not in self.runs_for
        if worker.reply is None or worker.reply.answer.status >= 400:
            return
        names = json.loads(worker.reply.answer.body)
        assert names
        if plan.token is Token.LINKED:
            makers = [
                maker
                for (name, _), maker in self.committed.items()
                if name in names
            ]
            assert len(makers) == len(names), f"{worker}: {names}"
            assert len(set(makers)) == 1
            assert makers[0].plan.asks == plan.asks
            if worker.reply.request_id is not None:
                assert makers[0].request_id == worker.reply.request_id

    def assert_unchanged(self, after: Seen) -> None:
        assert self.seen == after


Machine.TestCase.settings = hypothesis.settings(
    max_examples=100,
    stateful_step_count=25,
    # The gate's verdict is no matter of luck.
    derandomize=True,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


class MachineTest(Machine.TestCase):  # type: ignore[misc, valid-type]
    """Runs the machine; its TestCase would bear no name of ours."""
