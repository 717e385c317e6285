# SPDX-License-Identifier: Apache-2.0
"""A request with a token, and the operation that it asks a service for."""

from __future__ import annotations

import dataclasses
import enum
import typing as ty

from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.sameness import Scope


@dataclasses.dataclass(frozen=True)
class Request:
    """What the protocol needs to know of a request.

    :param token: the client token
    :param scope: whose it is, and for what target
    :param canonical: see :func:`sameness.canonical`
    :param request_id: the id of this request
    :param version: the microversion as it was asked for
    :param roles: the names of the caller's roles, in lower case
    :param attempt: which try the client says that it is
    :param may_wait: whether this process can serve others while it waits
    """

    token: str
    scope: Scope
    canonical: bytes
    request_id: str
    version: str = ""
    roles: frozenset[str] = frozenset()
    attempt: int | None = None
    may_wait: bool = True


class Evidence(enum.Enum):
    """What a service recorded of a request whose worker is gone."""

    NONE = "no trace, or one that does not tell what came of it"
    UNDER_WAY = "it went well, or somebody is at work on it"
    FAILED = "it failed"


@dataclasses.dataclass(frozen=True)
class Started:
    """What a service knows of a request whose worker is gone.

    :param evidence: what it recorded
    :param answer: the first answer again; None where it cannot be made
    """

    evidence: Evidence
    answer: Answer | None = None


class Fate(enum.Enum):
    """What a withdrawal found (protocol section 5)."""

    WITHDRAWN = "nobody went on with them: all are taken back"
    TAKEN = "the service went on with them: nothing is taken back"
    DELETED = "a user deleted some before: the others are taken back"


@dataclasses.dataclass(frozen=True)
class Withdrawn:
    """What a withdrawal took back.

    :param fate: what it found
    :param todos: what was taken back, with what is to be undone for it
        outside of the database, in a form that the service reads
    """

    fate: Fate
    todos: tuple[tuple[Resource, str], ...] = ()


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
        """Return what the service recorded of a request."""

    def withdraw(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> Withdrawn:
        """Take back what the service has not gone on with.

        :param transaction: the store's, which commits or undoes it
        """

    def undo(self, todo: str) -> None:
        """Undo what was done for a withdrawn resource outside the database.

        Safe to call again, also after it failed midway.

        :raises errors.Unavailable: it cannot be undone now
        """
