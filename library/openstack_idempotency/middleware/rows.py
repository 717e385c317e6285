# SPDX-License-Identifier: Apache-2.0
"""Rows of a table of operations, in forms that several services have."""

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
    """Return the operations that a path has by the only key of their bodies.

    :param path: the path
    :param names: the keys, with spaces between them
    :param kind: what they are linked to
    :param rebuild: makes the answer of each again
    :param more: what else they have in common
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
    **more: ty.Any,
) -> Operation:
    """Return the operation that makes a resource.

    :param path: its path
    :param kind: the resource's kind
    :param shows: what its answer shows of the resource, if not all: below
        which key, and the names, with spaces between them
    :param status: its answer's
    :param at: the path of the resources, if it is another one
    :param more: what else it has
    """
    change = rebuilding.part(*shows.split()) if shows else None
    show = rebuilding.shown(f"{at or path}/{{id}}", status, change)
    return Operation(path, kind, show, **more)
