# SPDX-License-Identifier: Apache-2.0
"""Binds what a service creates to the token of the request that creates it.

The binding is part of the transaction in which the service inserts the
resource's row: both are committed, or neither is. It is fenced: if the request
does not hold its token any more, that transaction is rolled back. The fence
also stops such a request from deleting what it made before (section 5).
"""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa

from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql import binding
from openstack_idempotency.sql import kinds
from openstack_idempotency.sql import statements
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind

# What is listened for in this process, by its name.
_LINKED: dict[str, Kind | Change] = {}
# In the info of a new row: the bindings that its fence has counted.
_COUNTED = "client_token_bindings"


def listen(kind: Kind | Change) -> None:
    """Bind what is made or changed to the token of the request that does it.

    It holds for the whole process, and for good: listeners are never removed
    from an ORM class. What is not inserted through the ORM is seen on engines
    that are watched (:func:`statements.watch`).

    :param kind: what an operation makes or changes; calling it again with
        the same is a no-op
    :raises ValueError: its name is already taken, or its key cannot be bound
    """
    known = _LINKED.get(kind.name)
    if known == kind:
        return
    if known is not None:
        raise ValueError(
            f"Two kinds are named {kind.name!r}. A token is bound by the name "
            "of a kind: give each kind a name of its own."
        )
    if isinstance(kind, Kind):
        kinds.check(kind)
        _link_rows(kind)
        for model in kind.later:
            _fence_rows(model, kind.name)
    statements.heed(kind)
    _LINKED[kind.name] = kind


def _link_rows(kind: Kind) -> None:
    """Bind each new row of a model, if a request with a token inserts it."""
    if kind.by_statements:
        return

    # Fence before inserting the resource: otherwise a stopped process would
    # hold the lock on a unique key (a keypair's name) and block the retry.
    # This way the retry only meets the token row's lock, which it skips.
    def fence(mapper: ty.Any, connection: sa.Connection, row: ty.Any) -> None:
        claim = binding.claim_of(kind.name)
        if claim is not None:
            count = int(kind.counts(row))
            sa.inspect(row).info[_COUNTED] = count
            reached(Point.BEFORE_LINK)
            binding.fence(connection, claim, bound=count)

    def bind(mapper: ty.Any, connection: sa.Connection, row: ty.Any) -> None:
        claim = binding.claim_of(kind.name)
        if claim is not None and sa.inspect(row).info.pop(_COUNTED, 0):
            key = mapper.primary_key_from_instance(row)
            named = str(getattr(row, kind.attribute))
            mark = statements.incarnation(connection, kind, key)
            made = Resource(kind.name, named, kinds.text_of(key), mark)
            binding.bind(connection, claim, made)

    sa.event.listen(kind.model, "before_insert", fence)
    sa.event.listen(kind.model, "after_insert", bind)


def _fence_rows(model: type, kind: str) -> None:
    """Roll back new rows of a model if the request has lost its token."""

    def check(mapper: ty.Any, connection: sa.Connection, row: ty.Any) -> None:
        claim = binding.claim_of(kind)
        if claim is not None:
            binding.fence(connection, claim)

    sa.event.listen(model, "before_insert", check)
