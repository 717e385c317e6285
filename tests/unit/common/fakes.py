# SPDX-License-Identifier: Apache-2.0
"""Small working stand-ins for the ports of the engine."""

from __future__ import annotations

import collections
import dataclasses
import typing as ty

from nova.openstack.common.idempotency import digest
from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency import record as records
from nova.openstack.common.idempotency.answer import Answer
from nova.openstack.common.idempotency.claim import Claim
from nova.openstack.common.idempotency.record import Record
from nova.openstack.common.idempotency.record import Resource
from nova.openstack.common.idempotency.record import State
from nova.openstack.common.idempotency.store import Outcome
from nova.openstack.common.idempotency.store import Use

EPOCH = 1_700_000_000_000


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._elapsed = 0.0
        self._due: list[tuple[float, ty.Callable[[], None]]] = []

    @property
    def milliseconds(self) -> int:
        """The time of day that the database tells."""
        return EPOCH + round(self._elapsed * 1000)

    def monotonic(self) -> float:
        # Another zero than the time of day, as on real machines.
        return 77.0 + self._elapsed

    def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        self._elapsed += seconds
        due = [what for when, what in self._due if when <= self._elapsed]
        self._due = [pair for pair in self._due if pair[0] > self._elapsed]
        for what in due:
            what()

    def after(self, seconds: float, what: ty.Callable[[], None]) -> None:
        """Do something when that much time has passed."""
        self._due.append((self._elapsed + seconds, what))


_Row = collections.namedtuple("_Row", "names target record")


class Store:
    """The port of the same name, in memory.

    :param clock: the database's clock
    """

    def __init__(
        self, clock: Clock, *, lease: int = 60_000, token_ttl: int = 86_400_000
    ) -> None:
        self._clock = clock
        self._lease = lease
        self._token_ttl = token_ttl
        self._rows: dict[int, _Row] = {}
        self._keys = 0
        self._resources: dict[int, list[Resource]] = {}
        self.calls: list[str] = []
        self.statuses: dict[int, int | None] = {}
        #: Methods that cannot reach their database.
        self.broken: set[str] = set()
        #: What happens just before a method, once: another worker's deed.
        self.before: dict[str, ty.Callable[[], None]] = {}

    def look(self, use: Use) -> tuple[int, Record | None]:
        self._enter("look")
        target = digest.target(use.scope)
        for names, where, record in self._rows.values():
            if where == target and set(names) & set(use.digests):
                return self._clock.milliseconds, record
        return self._clock.milliseconds, None

    def claim(self, use: Use) -> int | None:
        self._enter("claim")
        target = digest.target(use.scope)
        for names, where, record in self._rows.values():
            if where == target and set(names) & set(use.digests):
                return record.id if record.owner == use.owner else None
        self._keys += 1
        fresh = self._fresh(self._keys, use.digests[0], use)
        self._rows[self._keys] = _Row(use.digests, target, fresh)
        return self._keys

    def rerun(self, record: Record, use: Use) -> bool:
        self._enter("rerun")
        if not self._as_read(record, use):
            return False
        self._resources.pop(record.id, None)
        self._put(self._fresh(record.id, record.digest, use))
        return True

    def recover(self, record: Record, use: Use) -> bool:
        self._enter("recover")
        if not self._as_read(record, use):
            return False
        self._change(
            record.id,
            state=State.RUNNING,
            owner=use.owner,
            lease_until=self._clock.milliseconds + self._lease,
        )
        return True

    def extend(self, claims: ty.Sequence[Claim]) -> None:
        self._enter("extend")
        for claim in filter(self.holds, claims):
            if not self._rows[claim.id].record.lease_until:
                continue  # abandoned
            until = self._clock.milliseconds + self._lease
            expires_at = until + self._token_ttl
            self._change(claim.id, lease_until=until, expires_at=expires_at)

    def complete(self, claim: Claim, outcome: Outcome) -> bool:
        self._enter("complete")
        if not self.holds(claim):
            return False
        self.statuses[claim.id] = outcome.status
        self._change(
            claim.id,
            state=outcome.state,
            sealed=outcome.sealed,
            expires_at=outcome.expires_at,
        )
        return True

    def release(self, claim: Claim, *, made_nothing: bool) -> bool:
        self._enter("release")
        if not self.holds(claim):
            return False
        if self._rows[claim.id].record.linked and not made_nothing:
            return False
        del self._rows[claim.id]
        self._resources.pop(claim.id, None)
        return True

    def abandon(self, claim: Claim) -> None:
        self._enter("abandon")
        if self.holds(claim):
            self._change(claim.id, lease_until=0)

    def resources(self, token_id: int) -> tuple[Resource, ...]:
        self._enter("resources")
        return tuple(self._resources.get(token_id, ()))

    def bind(self, resource: Resource) -> None:
        """Do what the link does in the transaction of the service."""
        claim = records.current()
        if claim is None or claim.link != resource.kind:
            return
        if not self.holds(claim):
            claim.lost = True
            raise errors.TokenLost
        self._resources.setdefault(claim.id, []).append(resource)
        linked = self._rows[claim.id].record.linked + 1
        self._change(claim.id, linked=linked)

    def holds(self, claim: Claim) -> bool:
        row = self._rows.get(claim.id)
        return row is not None and row.record.owner == claim.owner

    @property
    def records(self) -> list[Record]:
        return [row.record for row in self._rows.values()]

    def _enter(self, method: str) -> None:
        self.calls.append(method)
        self.before.pop(method, lambda: None)()
        if method in self.broken:
            raise errors.Unavailable

    def _fresh(self, key: int, name: bytes, use: Use) -> Record:
        now = self._clock.milliseconds
        return Record(
            id=key,
            digest=name,
            fingerprint=use.fingerprints[0],
            state=State.RUNNING,
            owner=use.owner,
            linked=0,
            lease_until=now + self._lease,
            expires_at=now + self._lease + self._token_ttl,
            request_id=use.request_id,
            sealed=None,
        )

    def _as_read(self, record: Record, use: Use) -> bool:
        row = self._rows.get(record.id)
        if row is None:
            return False
        is_now = row.record
        return is_now.owner == use.owner or (
            is_now.owner == record.owner
            and is_now.state is record.state
            and is_now.linked == record.linked
            and is_now.lease_until == record.lease_until
        )

    def _change(self, key: int, **values: ty.Any) -> None:
        self._put(dataclasses.replace(self._rows[key].record, **values))

    def _put(self, record: Record) -> None:
        self._rows[record.id] = self._rows[record.id]._replace(record=record)


class Sealer:
    """The port of the same name; anybody can open what it seals.

    :param secret: another one does not open it
    """

    def __init__(self, secret: str = "secret") -> None:
        self.secret = secret

    def seal(self, token: str, row: bytes, data: bytes) -> bytes:
        return self._head(token, row) + data

    def open(self, token: str, row: bytes, sealed: bytes) -> bytes | None:
        head = self._head(token, row)
        return sealed[len(head) :] if sealed.startswith(head) else None

    def _head(self, token: str, row: bytes) -> bytes:
        return repr((self.secret, token, row)).encode() + b"\0"


class Work:
    """The port of the same name.

    :param does: runs the operation, and returns its answer
    :param link: what it is linked to
    """

    def __init__(
        self, does: ty.Callable[[], Answer], link: str | None = None
    ) -> None:
        self._does = does
        self._link = link
        self.runs = 0
        self.rebuilt: Answer | None = None
        self.asked_to_rebuild: list[tuple[Resource, ...]] = []
        self.left: set[Resource] = set()
        self.started: dict[str, Answer] = {}

    @property
    def link(self) -> str | None:
        return self._link

    def run(self) -> Answer:
        self.runs += 1
        try:
            return self._does()
        except errors.TokenLost:
            # A service makes answers of all errors, of this one, too.
            return Answer(500, (), b"{}")

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        self.asked_to_rebuild.append(tuple(resources))
        return self.rebuilt

    def survives(self, resources: ty.Sequence[Resource]) -> bool:
        return bool(self.left.intersection(resources))

    def accepted(self, request_id: str) -> Answer | None:
        return self.started.get(request_id)
