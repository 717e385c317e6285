# SPDX-License-Identifier: Apache-2.0
"""The rows of a table of tokens in memory."""

from __future__ import annotations

import dataclasses
import typing as ty

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.use import Use


class Time(ty.Protocol):
    """The clock of the database."""

    @property
    def milliseconds(self) -> int:
        """The time since the epoch."""


@dataclasses.dataclass
class Row:
    """One token of one caller for one target.

    :param names: its fingerprints, by its digests: one of each a secret
    :param todos: what is to be undone, and whether it is
    """

    scope: Scope
    names: dict[bytes, bytes]
    record: Record
    created_at: int
    version: str
    resources: list[Resource] = dataclasses.field(default_factory=list)
    todos: list[tuple[str, bool]] = dataclasses.field(default_factory=list)

    def change(self, **values: ty.Any) -> None:
        self.record = dataclasses.replace(self.record, **values)


class Table:
    """Rows, what tests do and see of them, and what goes wrong with them.

    :param clock: the database's clock
    :param lease: milliseconds that a request holds its token
    :param token_ttl: milliseconds that a token lives
    """

    def __init__(
        self, clock: Time, *, lease: int = 60_000, token_ttl: int = 86_400_000
    ) -> None:
        self.clock = clock
        self._lease = lease
        self._token_ttl = token_ttl
        self._keys = 0
        self.rows: dict[int, Row] = {}
        self.calls: list[str] = []
        #: Methods that cannot reach their database.
        self.broken: set[str] = set()
        #: Methods whose answer gets lost after they have taken effect.
        self.cut: set[str] = set()
        #: What happens just before a method, once: another worker's deed.
        self.before: dict[str, ty.Callable[[], object]] = {}
        #: Raised by all methods, while the worker that calls them is dead.
        self.dead: BaseException | None = None

    def bind(self, resource: Resource) -> None:
        """Do what the link does in the transaction of the service."""
        claim = claims.current()
        if claim is None or claim.link != resource.kind:
            return
        row = self._held(claim)
        if row is None:
            claim.lost = True
            raise errors.TakenOver
        row.resources.append(resource)
        row.change(bound=row.record.bound + 1)

    @property
    def records(self) -> list[Record]:
        return [row.record for row in self.rows.values()]

    def _enter(self, method: str) -> None:
        if self.dead is not None:
            raise self.dead
        self.calls.append(method)
        self.before.pop(method, lambda: None)()
        if method in self.broken:
            raise errors.Unavailable

    def _leave(self, method: str) -> None:
        if method in self.cut:
            raise errors.Unavailable

    def _find(self, use: Use) -> Row | None:
        target = digest.target(use.scope)
        for row in self.rows.values():
            same = digest.target(row.scope) == target
            if same and not row.names.keys().isdisjoint(use.digests):
                return row
        return None

    def _held(self, claim: Claim) -> Row | None:
        row = self.rows.get(claim.id)
        mine = row is not None and row.record.owner == claim.owner
        return row if mine else None

    def _as_read(self, record: Record, use: Use) -> Row | None:
        row = self.rows.get(record.id)
        if row is None or row.record.owner == use.owner:
            return row
        then, now = (
            (r.owner, r.state, r.bound, r.undo, r.lease_until)
            for r in (record, row.record)
        )
        return row if then == now else None

    def _asked(self, use: Use) -> dict[str, ty.Any]:
        return {
            "request_id": use.request_id,
            "roles": use.roles,
            "linked": use.linked,
            "expires_at": (
                FOREVER
                if use.lasting
                else self.clock.milliseconds + self._lease + self._token_ttl
            ),
        }

    def _fresh(self, key: int, name: bytes, use: Use) -> Record:
        return Record(
            id=key,
            digest=name,
            fingerprint=use.fingerprints[0],
            state=State.RUNNING,
            owner=use.owner,
            bound=0,
            takeovers=0,
            undo=0,
            lease_until=self.clock.milliseconds + self._lease,
            status=None,
            sealed=None,
            **self._asked(use),
        )
