# SPDX-License-Identifier: Apache-2.0
"""The edge of a service that needs only the protocol."""

from __future__ import annotations

import dataclasses
import functools
import typing as ty

import webob
import webob.exc

from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import token
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.evidence import Started
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind
from openstack_idempotency.sql.surviving import survive
from openstack_idempotency.wsgi import incoming
from openstack_idempotency.wsgi import response

Rebuild = ty.Callable[[ty.Sequence[Resource]], webob.Response | None]
Refused = ty.Callable[[errors.Refusal], webob.Response]


def plain(refusal: errors.Refusal) -> webob.Response:
    """Return a refusal as a JSON object with its message.

    :param refusal: what is refused, and why
    """
    error = {"code": refusal.status, "message": str(refusal)}
    return webob.Response(status=refusal.status, json_body={"error": error})


@dataclasses.dataclass(frozen=True)
class Edge:
    """Answers WebOb requests that bear a token.

    :param engine: answers them by the protocol
    :param headers: the names of the headers that may bear a token
    :param refused: gives a refusal the form of the service's own errors
    """

    engine: Engine
    headers: ty.Collection[str]
    refused: Refused = plain

    def answer(
        self,
        req: webob.Request,
        context: ty.Any,
        run: ty.Callable[[], webob.Response],
        *,
        kind: Kind | Change | None = None,
        rebuild: Rebuild | None = None,
        version: str = "",
        project_id: str | None = None,
    ) -> webob.Response:
        """Answer a request: run it once, or give its first answer again.

        An error that the operation raises is raised again, once the outcome
        is stored as a failure.

        :param req: the request
        :param context: the caller, as oslo.context describes it
        :param run: runs the operation
        :param kind: what it is linked to (:func:`link.listen`), None where
            what it does is not in the service's database
        :param rebuild: makes the first answer again from what was made, or
            returns None if that is not possible; None if it never is
        :param version: see :func:`incoming.request`, also for ``project_id``
        """
        work = _Work(run, rebuild, kind)
        client_token = None
        try:
            client_token = token.given(req.environ, self.headers)
            if client_token is None:
                return run()
            asked = functools.partial(
                incoming.request, version=version, project_id=project_id
            )
            reply = self.engine.answer(asked(client_token, req, context), work)
        except errors.Refusal as refusal:
            told = response.of_refusal(refusal, client_token)
            return _with(self.refused(refusal), told)
        return _with(work.shown(reply), response.of_reply(reply, client_token))


class _Work:
    """An operation that withdraws nothing, and leaves no evidence."""

    def __init__(
        self,
        run: ty.Callable[[], webob.Response],
        rebuild: Rebuild | None,
        kind: Kind | Change | None,
    ) -> None:
        self._run = run
        self._rebuild = rebuild
        self._kind = kind
        # What the operation raised, if it has run and did.
        self._error: Exception | None = None

    def shown(self, reply: Reply) -> webob.Response:
        """Return an answer, or raise what the operation raised instead."""
        if self._error is not None:
            raise self._error
        return _rendered(reply.answer)

    @property
    def link(self) -> str | None:
        return None if self._kind is None else self._kind.name

    @property
    def lasting(self) -> bool:
        return isinstance(self._kind, Kind) and self._kind.lasting

    def run(self) -> Answer:
        try:
            return _kept(self._run())
        except webob.exc.HTTPException as answer:
            return _kept(answer)
        except errors.TakenOver:
            return Answer(500, (), b"")
        except Exception as exc:
            self._error = exc
            return Answer(500, (), b"")

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        made = self._rebuild(resources) if self._rebuild else None
        return None if made is None else _kept(made)

    def survives(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> bool:
        kind = self._kind
        return kind is not None and survive(transaction, kind, resources)

    def started(self, request_id: str) -> Started:  # noqa: ARG002
        return Started(Evidence.NONE)

    def withdraw(
        self,
        transaction: ty.Any,  # noqa: ARG002
        resources: ty.Sequence[Resource],  # noqa: ARG002
    ) -> Withdrawn:
        return Withdrawn(Fate.TAKEN)

    def undo(self, todo: str) -> None:
        pass  # nothing is ever withdrawn


def _kept(answer: ty.Any) -> Answer:
    headers = tuple(
        (name, value)
        for name, value in answer.headerlist
        if name.lower() != "content-length"
    )
    return Answer(answer.status_int, headers, answer.body)


def _rendered(answer: Answer) -> webob.Response:
    rendered = webob.Response(status=answer.status, body=answer.body)
    length = rendered.content_length
    rendered.headerlist = list(answer.headers)
    rendered.content_length = length
    return rendered


def _with(answer: webob.Response, told: response.Headers) -> webob.Response:
    answer.headerlist.extend(told)
    return answer
