# SPDX-License-Identifier: Apache-2.0
"""Client tokens for OpenStack services: a POST can be retried safely.

What other projects may rely on is named in ``__all__``, and described in
docs/rely-on.md. The names are imported when they are first used, so that parts
which need no database do not import one.
"""

from __future__ import annotations

import importlib
import typing as ty

if ty.TYPE_CHECKING:
    from openstack_idempotency.assembly import build
    from openstack_idempotency.assembly import Place
    from openstack_idempotency.decorator import idempotent
    from openstack_idempotency.decorator import Service
    from openstack_idempotency.engine.claim import Claim
    from openstack_idempotency.protocol.errors import Refusal
    from openstack_idempotency.protocol.record import Resource
    from openstack_idempotency.sql.kinds import Change
    from openstack_idempotency.sql.kinds import Kind
    from openstack_idempotency.sql.link import listen
    from openstack_idempotency.wsgi.edge import Edge

__all__ = [
    "Change",
    "Claim",
    "Edge",
    "Kind",
    "Place",
    "Refusal",
    "Resource",
    "Service",
    "build",
    "idempotent",
    "listen",
]

_HOMES: ty.Final = {
    "Change": "sql.kinds",
    "Claim": "engine.claim",
    "Edge": "wsgi.edge",
    "Kind": "sql.kinds",
    "Place": "assembly",
    "Refusal": "protocol.errors",
    "Resource": "protocol.record",
    "Service": "decorator",
    "build": "assembly",
    "idempotent": "decorator",
    "listen": "sql.link",
}


def __getattr__(name: str) -> ty.Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
