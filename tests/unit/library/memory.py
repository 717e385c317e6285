# SPDX-License-Identifier: Apache-2.0
"""A table of tokens in memory: it promises what :mod:`contract` says."""

from __future__ import annotations

import dataclasses
import typing as ty

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.use import Outcome
from openstack_idempotency.protocol.use import Release
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from tests.unit.library.memory_rows import Row
from tests.unit.library.memory_rows import Table

Survives = ty.Callable[[ty.Any, ty.Sequence[Resource]], bool]
TakeBack = ty.Callable[[ty.Any, ty.Sequence[Resource]], Withdrawn]


class Store(Table):
    """The port of the same name, in memory."""

    def look(self, use: Use) -> tuple[int, Record | None]:
        self._enter("look")
        now, row = self.clock.milliseconds, self._find(use)
        if row is None:
            return now, None
        name = next(d for d in use.digests if d in row.names)
        return now, dataclasses.replace(
            row.record, fingerprint=row.names[name]
        )

    def claim(self, use: Use) -> int | None:
        self._enter("claim")
        found = self._find(use)
        if found is not None:
            mine = found.record.owner == use.owner
            return found.record.id if mine else None
        self._keys += 1
        names = dict(zip(use.digests, use.fingerprints, strict=True))
        fresh = self._fresh(self._keys, use.digests[0], use)
        self.rows[self._keys] = Row(
            use.scope, names, fresh, self.clock.milliseconds, use.version
        )
        self._leave("claim")
        return self._keys

    def rerun(self, record: Record, use: Use) -> bool:
        self._enter("rerun")
        row = self._as_read(record, use)
        if row is None:
            return False
        row.resources.clear()
        row.names |= dict(zip(use.digests, use.fingerprints, strict=True))
        row.created_at, row.version = self.clock.milliseconds, use.version
        row.record = dataclasses.replace(
            self._fresh(record.id, record.digest, use),
            takeovers=row.record.takeovers + 1,
            undo=row.record.undo,
        )
        self._leave("rerun")
        return True

    def recover(self, record: Record, use: Use) -> bool:
        self._enter("recover")
        row = self._as_read(record, use)
        if row is None:
            return False
        row.change(
            state=State.RUNNING,
            owner=use.owner,
            takeovers=row.record.takeovers + 1,
            lease_until=self.clock.milliseconds + self._lease,
        )
        self._leave("recover")
        return True

    def extend(self, claims: ty.Sequence[Claim]) -> None:
        self._enter("extend")
        until = self.clock.milliseconds + self._lease
        for row in filter(None, map(self._held, claims)):
            if row.record.lease_until:  # else it is abandoned
                ends = until + self._token_ttl
                row.change(lease_until=until)
                if row.record.expires_at != FOREVER:
                    row.change(expires_at=ends)

    def complete(self, claim: Claim, outcome: Outcome) -> bool:
        self._enter("complete")
        row = self._held(claim)
        if row is None:
            return False
        row.change(
            state=outcome.state,
            status=outcome.status,
            sealed=outcome.sealed,
        )
        if row.record.expires_at == FOREVER:
            row.change(answer_until=outcome.expires_at)
        else:
            row.change(expires_at=outcome.expires_at)
        self._leave("complete")
        return True

    def release(self, claim: Claim, use: Use) -> Release:
        self._enter("release")
        row = self._held(claim)
        if row is None:
            return Release.LOST
        if row.record.bound:
            return Release.BOUND
        if claim.shared:
            row.change(lease_until=0, expires_at=0)
        else:
            del self.rows[claim.id]
        self._leave("release")
        return Release.FREED

    def unbind(self, claim: Claim, survives: Survives) -> Release:
        self._enter("unbind")
        row = self._held(claim)
        if row is None:
            return Release.LOST
        if row.resources and survives(self, tuple(row.resources)):
            return Release.BOUND
        row.resources.clear()
        row.change(bound=0, lease_until=0, expires_at=0)
        self._leave("unbind")
        return Release.FREED

    def abandon(self, claim: Claim) -> bool:
        self._enter("abandon")
        row = self._held(claim)
        if row is None:
            return False
        row.change(lease_until=0)
        return True

    def give_back(self, use: Use) -> None:
        self._enter("give_back")
        row = self._find(use)
        if row is None or row.record.owner != use.owner:
            return
        row.change(lease_until=0)
        ran = row.record.request_id == use.request_id
        if ran and not row.record.bound:
            row.change(expires_at=0)

    def withdraw(
        self, claim: Claim, use: Use, take_back: TakeBack
    ) -> Fate | None:
        self._enter("withdraw")
        row = self._held(claim)
        if row is None:
            return None
        # As committed before.
        if row.record.state is not State.RUNNING:
            return Fate.DELETED
        if row.record.request_id == use.request_id:
            return Fate.WITHDRAWN
        withdrawn = take_back(self, tuple(row.resources))
        if withdrawn.fate is Fate.TAKEN:
            return withdrawn.fate
        row.resources.clear()
        row.todos += [(todo, False) for _, todo in withdrawn.todos]
        now = self.clock.milliseconds
        row.change(
            bound=0,
            undo=row.record.undo + len(withdrawn.todos),
            lease_until=now + self._lease,
        )
        if withdrawn.fate is Fate.WITHDRAWN:
            row.created_at, row.version = now, use.version
            row.change(**self._asked(use))
        else:
            ends = now + self._token_ttl
            row.change(state=State.SUCCEEDED, expires_at=ends)
        self._leave("withdraw")
        return withdrawn.fate

    def todos(self, token_id: int) -> dict[int, str]:
        self._enter("todos")
        row = self.rows.get(token_id)
        todos = [] if row is None else row.todos
        return {
            key: todo for key, (todo, done) in enumerate(todos) if not done
        }

    def undone(self, claim: Claim, keys: ty.Collection[int]) -> int | None:
        self._enter("undone")
        row = self._held(claim)
        if row is None:
            return None
        row.todos = [
            (todo, done or key in keys)
            for key, (todo, done) in enumerate(row.todos)
        ]
        left = sum(not done for _, done in row.todos)
        row.change(undo=left)
        self._leave("undone")
        return left

    def resources(self, token_id: int) -> tuple[Resource, ...]:
        self._enter("resources")
        row = self.rows.get(token_id)
        return () if row is None else tuple(row.resources)

    def young(self, scope: Scope) -> int:
        self._enter("young")
        since = self.clock.milliseconds - self._token_ttl
        user = (scope.project_id, scope.user_id)
        return sum(
            row.created_at > since
            and user == (row.scope.project_id, row.scope.user_id)
            for row in self.rows.values()
        )

    def holder(self, claim: Claim) -> str | None:
        self._enter("holder")
        row = self.rows.get(claim.id)
        return None if row is None else row.record.request_id
