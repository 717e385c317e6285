# SPDX-License-Identifier: Apache-2.0
"""A request with a token, and the operation that it asks a service for."""

from __future__ import annotations

import dataclasses
import enum
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


class Evidence(enum.Enum):
    """What a service recorded of a request whose worker died."""

    NONE = "no trace, or a trace that does not tell the outcome"
    UNDER_WAY = "it went well, or is under way without its worker"
    FAILED = "it failed"


@dataclasses.dataclass(frozen=True)
class Started:
    """What became of a request whose worker died (protocol section 3).

    :param evidence: what the service recorded of it
    :param answer: its answer, made again; None with UNDER_WAY says that it
        cannot be given again
    """

    evidence: Evidence
    answer: Answer | None = None


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

    def started(self, request_id: str) -> Started:
        """Look up what the service recorded of a request."""
