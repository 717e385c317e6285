# SPDX-License-Identifier: Apache-2.0
"""The table of operations: to add one, add a row."""

from __future__ import annotations

import dataclasses
import typing as ty

from nova.db.idempotency import kinds
from nova.idempotency import rebuild
from nova.openstack.common.idempotency.record import Resource

Rebuild = ty.Callable[
    [ty.Any, ty.Any, dict[str, ty.Any], ty.Sequence[Resource]], ty.Any
]


@dataclasses.dataclass(frozen=True)
class Operation:
    """One POST of the compute API that does something.

    :param controller: the class whose method it is
    :param method: the name of the method
    :param kind: what it is linked to, None where that is not in the API
        database (protocol section 5)
    :param rebuild: makes its answer again, for one that is linked
    """

    controller: str
    method: str
    kind: kinds.Kind | None = None
    rebuild: Rebuild | None = None


OPERATIONS = (
    Operation("ServersController", "create", kinds.SERVER, rebuild.server),
    Operation("KeypairController", "create", kinds.KEYPAIR, rebuild.keypair),
)

_BY_METHOD = {(row.controller, row.method): row for row in OPERATIONS}


def find(controller: ty.Any, method: str) -> Operation | None:
    """Return the row of a controller's method, None if it has none.

    :param controller: the controller, an instance
    :param method: the name of the method
    """
    return _BY_METHOD.get((type(controller).__name__, method))
