# SPDX-License-Identifier: Apache-2.0
"""What the promises of a store are told with."""

from __future__ import annotations

import typing as ty
import uuid

import testtools

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.ports import TokenStore
from openstack_idempotency.protocol.decision import Asked
from openstack_idempotency.protocol.decision import decide
from openstack_idempotency.protocol.decision import Decision
from openstack_idempotency.protocol.digest import Digests
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.use import Release
from openstack_idempotency.protocol.use import Use
from tests.unit.library import fakes

LEASE = 60_000
TTL = 3_600_000
ONE, TWO = b"1" * 32, b"2" * 32
SCOPE = Scope("project", "user", "POST /servers")
KIND = "thing"
TAKEOVERS = ("rerun", "recover")


def use_of(
    token: str = "token",
    *,
    scope: Scope = SCOPE,
    body: bytes = b"{}",
    secrets: ty.Sequence[bytes] = (ONE,),
    roles: ty.Iterable[str] = ("member",),
    linked: bool = True,
    lasting: bool = False,
) -> Use:
    """Return a new request's use of a token."""
    digests = Digests(secrets)
    name = uuid.uuid4().hex
    return Use(
        scope=scope,
        digests=digests.of_token(scope, token),
        fingerprints=digests.of_request(token, body),
        request_id=f"req-{name}",
        owner=name,
        version="2.100",
        roles=frozenset(roles),
        linked=linked,
        lasting=lasting,
    )


class Held(ty.NamedTuple):
    """A request that holds its token."""

    use: Use
    claim: Claim


class StoreContract(testtools.TestCase):
    """Base of the tests of a store; not run itself."""

    store: TokenStore
    clock: fakes.Clock

    def make(self, claim: Claim, name: str = "a thing") -> Resource:
        """Make a resource under a claim, and commit it."""
        raise NotImplementedError

    # -- what the tests say

    def hold(self, **how: ty.Any) -> Held:
        use = use_of(**how)
        key = self.store.claim(use)
        assert key is not None
        return Held(use, self.claim_of(key, use))

    def claim_of(
        self, key: int, use: Use, row: bytes | None = None, **how: ty.Any
    ) -> Claim:
        return Claim(
            id=key,
            digest=row or use.digests[0],
            owner=use.owner,
            claimed_at=self.clock.milliseconds,
            started=0.0,
            link=KIND,
            **how,
        )

    def just_claimed(self, key: int, use: Use) -> Record:
        """Return what the row of a use is when it begins to run."""
        now = self.clock.milliseconds
        return Record(
            id=key,
            digest=use.digests[0],
            fingerprint=use.fingerprints[0],
            state=State.RUNNING,
            owner=use.owner,
            linked=use.linked,
            bound=0,
            takeovers=0,
            undo=0,
            roles=use.roles,
            lease_until=now + LEASE,
            expires_at=now + LEASE + TTL,
            request_id=use.request_id,
            status=None,
            sealed=None,
        )

    def row(self, use: Use | None = None) -> Record:
        _, record = self.store.look(use or use_of())
        assert record is not None
        return record

    def is_free(self, use: Use | None = None) -> bool:
        """Tell whether a different request could run under the token now."""
        now, record = self.store.look(use or use_of())
        other = Asked([b"of a different request"])
        decision = decide(record, other, now, TTL)
        return decision in (Decision.RUN, Decision.RERUN)

    def take(self, how: str, **use: ty.Any) -> Held:
        """Take a token over, as it is now."""
        mine = use_of(**use)
        row = self.row(mine)
        self.assertTrue(getattr(self.store, how)(row, mine))
        claim = self.claim_of(row.id, mine, row.digest, shared=True)
        return Held(mine, claim)

    def overtaken(self, take: str = "rerun") -> tuple[Held, Held]:
        """Return a request that lost its token, and the one that has it."""
        former = self.hold()
        return former, self.take(take)

    def free(self, held: Held) -> Release:
        return self.store.release(held.claim, held.use)

    def unbind(self, held: Held) -> Release:
        """Free a token that made something, which is gone again."""
        return self.store.unbind(held.claim, lambda *_: False)

    def outcome(self, state: State = State.SUCCEEDED) -> Outcome:
        return Outcome(state, 202, b"sealed", self.clock.milliseconds + TTL)
