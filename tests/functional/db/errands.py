# SPDX-License-Identifier: Apache-2.0
"""What workers of a small service do with tokens, from begin to end."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as ty

import sqlalchemy as sa

from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.engine.limits import Limits
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.returns import Returns
from openstack_idempotency.fixture import contract
from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.digest import Digests
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.sql import purge
from openstack_idempotency.sql.kinds import Kind
from openstack_idempotency.sql.store import SqlTokenStore
from openstack_idempotency.sql.tables import TOKENS
from tests.functional.db import base

MADE = Answer(202, (), b'{"thing": 1}')
REFUSED = Answer(400, (), b'{"badRequest": {}}')
BROKEN = Answer(500, (), b'{"computeFault": {}}')

#: What tokens of this service last by.
THING = Kind(contract.KIND, base.Thing, "name", lasting=True)
#: The token of the worker that an errand speaks of.
TOKEN = "the worker's"


class _NoHeartbeat:
    def keep(self, claim: ty.Any) -> ty.ContextManager[None]:
        return contextlib.nullcontext()


class Work(fakes.Work):
    """An operation of the service, which can take back what it made."""

    def __init__(
        self, does: ty.Callable[[], Answer], fate: Fate = Fate.WITHDRAWN
    ) -> None:
        super().__init__(does, link=contract.KIND)
        self._fate = fate
        self.rebuilt = MADE

    def withdraw(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> Withdrawn:
        if self._fate is Fate.TAKEN:
            return Withdrawn(Fate.TAKEN)
        for resource in resources:
            row = base.Thing.id == int(resource.key)
            transaction.execute(sa.delete(base.Thing).where(row))
        return Withdrawn(self._fate, tuple((r, "undo") for r in resources))


class Errands:
    """One for each way in which a worker can use the store.

    :param test: whose tables they work on
    :param store: the worker's
    :param secrets: what its host lists
    """

    def __init__(
        self,
        test: base.StoreTestCase,
        store: SqlTokenStore,
        secrets: ty.Sequence[bytes],
    ) -> None:
        self._test = test
        self._store = store
        self._secrets = secrets
        self._engine = Engine(
            Parts(
                store=store,
                digests=Digests(secrets),
                sealer=fakes.Sealer(),
                heartbeat=ty.cast(ty.Any, _NoHeartbeat()),
                returns=Returns(store),
                limits=Limits(
                    token_ttl=3600, wait_timeout=0, max_response_size=1000
                ),
                clock=test.clock,
            )
        )

    # -- each prepares what was before, and returns what the worker does

    def success(self) -> ty.Callable[[], object]:
        """It makes something."""
        return lambda: self._answer(Work(self._make))

    def refusal(self) -> ty.Callable[[], object]:
        """It refuses, and has made nothing."""
        return lambda: self._answer(Work(lambda: REFUSED))

    def second_thoughts(self) -> ty.Callable[[], object]:
        """It refuses, and deletes what it has made already."""
        return lambda: self._answer(Work(self._make_and_clean_up))

    def vanishing(self) -> ty.Callable[[], object]:
        """It fails, and what it made is gone."""
        return lambda: self._answer(Work(self._make_and_lose))

    def rerun(self) -> ty.Callable[[], object]:
        """It takes a token over whose worker died before it made anything."""
        self._store.abandon(self._held().claim)
        return lambda: self._answer(Work(self._make))

    def refused_rerun(self) -> ty.Callable[[], object]:
        """It does so, and refuses."""
        self._store.abandon(self._held().claim)
        return lambda: self._answer(Work(lambda: REFUSED))

    def new_life(self) -> ty.Callable[[], object]:
        """It uses a token whose life has ended; something is bound to it."""
        held = self._held()
        self._test.make(held.claim)
        self._store.complete(held.claim, self._test.outcome())
        self._test.clock.forward(contract.TTL)
        return lambda: self._answer(Work(self._make))

    def withdrawal(self) -> ty.Callable[[], object]:
        """It withdraws what a dead worker made, and runs."""
        self._left_by_a_dead_one()
        return lambda: self._answer(Work(self._make))

    def recovery(self) -> ty.Callable[[], object]:
        """It answers with what a dead worker made."""
        self._left_by_a_dead_one()
        return lambda: self._answer(Work(self._make, Fate.TAKEN))

    def heartbeat(self) -> ty.Callable[[], object]:
        """It renews leases; some are of requests that have just ended."""
        # The newest row: behind it is the gap where all new ones go.
        runs, ended = self._held(), self._test.hold(token="ended")
        self._test.free(ended)
        # Where the server has purged it, too, it is found in that gap.
        purged = dataclasses.replace(ended.claim, id=2**40)
        renewed = [purged, ended.claim, runs.claim]
        return lambda: self._store.extend(renewed)

    def late_takeover(self) -> ty.Callable[[], object]:
        """It takes over what is free, and gone, by now."""
        held = self._held()
        mine = contract.use_of(TOKEN, secrets=self._secrets)
        row = dataclasses.replace(self._test.row(mine), id=2**40)
        self._test.free(held)
        return lambda: self._store.rerun(row, mine)

    def loss(self) -> ty.Callable[[], object]:
        """It is slow: a retry took its token over, and was refused."""
        former = self._held()
        mine = contract.use_of(TOKEN, secrets=self._secrets)
        row = self._test.row(mine)
        self._store.rerun(row, mine)
        claim = self._test.claim_of(row.id, mine, row.digest, shared=True)
        self._store.free(claim, mine)
        return lambda: self._test.make(former.claim)

    def purge(self) -> ty.Callable[[], object]:
        """It purges a token that ended long ago; something is bound to it."""
        held = self._held()
        self._test.make(held.claim)
        self._store.complete(held.claim, self._test.outcome())
        mine = TOKENS.c.id == held.claim.id
        ended = self._test.clock.milliseconds - purge.KEPT - 1
        with self._test.database.engine.begin() as connection:
            row = sa.update(TOKENS).where(mine)
            connection.execute(row.values(expires_at=ended))
        return lambda: self._store.purge(1000)

    def marking(self) -> ty.Callable[[], object]:
        """It sees that what a token made is gone."""
        mine = contract.use_of(TOKEN, secrets=self._secrets, lasting=True)
        key = self._store.claim(mine)
        assert key is not None
        claim = self._test.claim_of(key, mine)
        made = self._test.make(claim)
        self._store.complete(claim, self._test.outcome())
        self._test.delete(int(made.key))
        return lambda: self._store.walk((THING,), 0, 1000)

    # -- what they are made of

    def _held(self) -> contract.Held:
        return self._test.hold(token=TOKEN, secrets=self._secrets)

    def _left_by_a_dead_one(self) -> None:
        held = self._held()
        self._test.make(held.claim)
        self._store.abandon(held.claim)

    def _answer(self, work: Work) -> None:
        with contextlib.suppress(errors.Refusal):
            self.answer(work)

    def answer(self, work: Work) -> Reply:
        """Answer the request that bears the worker's token."""
        digests = self._engine.parts.digests
        request = Request(
            token=TOKEN,
            scope=contract.SCOPE,
            fingerprints=digests.of_request(
                TOKEN, lambda write: write(b"{}")
            ),
            request_id="req-of-the-worker",
            roles=frozenset({"member"}),
        )
        return self._engine.answer(request, work)

    def _make(self) -> Answer:
        self._test.insert("the worker's")
        return MADE

    def _make_and_clean_up(self) -> Answer:
        self._test.delete(self._test.insert("the worker's"))
        return REFUSED

    def _make_and_lose(self) -> Answer:
        key = self._test.insert("the worker's")
        with self._test.database.engine.begin() as connection:
            # Past what watches the service's statements, as a conductor.
            connection.exec_driver_sql(f"DELETE FROM things WHERE id = {key}")
        return BROKEN
