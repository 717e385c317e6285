# SPDX-License-Identifier: Apache-2.0
"""A request with a token, and the operation that it asks a service for."""

from __future__ import annotations

import dataclasses
import typing as ty

from nova.openstack.common.idempotency.answer import Answer
from nova.openstack.common.idempotency.record import Resource
from nova.openstack.common.idempotency.sameness import Scope


@dataclasses.dataclass(frozen=True)
class Request:
    """What the protocol needs to know of a request.

    :param token: the client token
    :param scope: whose it is, and for what target
    :param canonical: see :func:`sameness.canonical`
    :param request_id: the id of this request
    """

    token: str
    scope: Scope
    canonical: bytes
    request_id: str


class Work(ty.Protocol):
    """The operation that a request asks for, as a service offers it."""

    @property
    def link(self) -> str | None:
        """The kind of resource that it binds to the token, if it does."""

    def run(self) -> Answer:
        """Run the operation; refusals and failures are answers, too."""

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        """Return the first answer again, None if that cannot be."""

    def survives(self, resources: ty.Sequence[Resource]) -> bool:
        """Tell whether any of the resources is still there."""

    def accepted(self, request_id: str) -> Answer | None:
        """Return the answer of a request that had started, None if not."""
