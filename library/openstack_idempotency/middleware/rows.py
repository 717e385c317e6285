# SPDX-License-Identifier: Apache-2.0
"""Makes rows of a table of operations, in forms that services share."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.middleware import rebuilding
from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.middleware.operation import Rebuild
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind


def actions(
    path: str,
    names: str,
    kind: Kind | Change | None = None,
    rebuild: Rebuild | None = None,
    **more: ty.Any,
) -> list[Operation]:
    """Return the operations of a path that the only key of a body names.

    :param path: the path
    :param names: the keys, separated by spaces
    :param kind: what they are linked to
    :param rebuild: rebuilds the answer of each
    :param more: other fields that they have in common
    """
    return [
        Operation(path, kind, rebuild, action=name, **more)
        for name in names.split()
    ]


def made(
    path: str,
    kind: Kind,
    shows: str = "",
    status: int = 202,
    at: str | None = None,
    *,
    last: str | None = None,
    **more: ty.Any,
) -> Operation:
    """Return the operation that makes a resource.

    :param path: its path
    :param kind: the resource's kind
    :param shows: what its answer shows of the resource, if not everything:
        the key, and the names below it, separated by spaces
    :param status: the status of its answer
    :param at: the path below which a GET shows the resource, if another one
    :param last: what the service sets in its last transaction, see
        :func:`rebuilding.part`
    :param more: other fields of the operation
    """
    change = rebuilding.part(*shows.split(), last=last) if shows else None
    show = rebuilding.shown(f"{at or path}/{{id}}", status, change)
    return Operation(path, kind, show, **more)
