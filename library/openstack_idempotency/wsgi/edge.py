# SPDX-License-Identifier: Apache-2.0
"""The edge of a service that needs only the protocol."""

from __future__ import annotations

import dataclasses
import functools
import typing as ty

from oslo_context.context import RequestContext
import webob
import webob.exc

from openstack_idempotency.engine import claim as claims
from openstack_idempotency.engine.account import Account
from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.engine.inquiry import inquiring
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import token
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.evidence import Started
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind
from openstack_idempotency.sql.surviving import survive
from openstack_idempotency.wsgi import incoming
from openstack_idempotency.wsgi import response
from openstack_idempotency.wsgi.keeping import Notes

Rebuild = ty.Callable[[ty.Sequence[Resource]], webob.Response | None]
Refused = ty.Callable[[errors.Refusal], webob.Response]

# A status whose answers have no Content-Length (RFC 9110, section 8.6).
_NO_CONTENT: ty.Final = 204


def plain(refusal: errors.Refusal) -> webob.Response:
    """Return a refusal as a JSON object with its message.

    :param refusal: what is refused, and why
    """
    error = {"code": refusal.status, "message": str(refusal)}
    return webob.Response(status=refusal.status, json_body={"error": error})


def _unknown() -> int | None:
    return None


@dataclasses.dataclass(frozen=True)
class Edge:
    """Answers WebOb requests that bear a token.

    :param engine: answers them by the protocol
    :param headers: the names of the headers that may bear a token
    :param refused: gives a refusal the form of the service's own errors
    :param notes: writes down what came of requests, if anything does
    """

    engine: Engine
    headers: ty.Collection[str]
    refused: Refused = plain
    notes: Notes | None = None

    def answer(
        self,
        req: webob.Request,
        context: RequestContext,
        run: ty.Callable[[], webob.Response],
        *,
        kind: Kind | Change | None = None,
        rebuild: Rebuild | None = None,
        most: ty.Callable[[], int | None] = _unknown,
        version: str = "",
        project_id: str | None = None,
        operation: str = "",
        path: str | None = None,
    ) -> webob.Response:
        """Answer a request: run it once, or give its first answer again.

        An error that the operation raises is raised again, once the outcome
        is stored as a failure.

        :param req: the request
        :param context: the caller's
        :param run: runs the operation
        :param kind: what it is linked to (:func:`link.listen`), None where
            what it does is not in the service's database
        :param rebuild: makes the first answer again from what was made, or
            returns None if that is not possible; None if it never is. If it
            raises an error, the retry is answered with 503
        :param most: tells how many resources it may make, if that is known
        :param version: see :func:`incoming.request`, also for
            ``project_id``, ``operation`` and ``path``
        """
        asked = functools.partial(
            incoming.request, version=version, project_id=project_id,
            operation=operation, path=path,
        )  # fmt: skip
        attempt = token.attempt(req.environ)
        account = Account(operation, context.request_id, attempt)
        work = _Work(run, rebuild, kind, most)
        return self._answer(req, context, work, asked, account)

    def _answer(
        self,
        req: webob.Request,
        context: RequestContext,
        work: _Work,
        asked: ty.Callable[..., Request],
        account: Account,
    ) -> webob.Response:
        client_token = None
        try:
            client_token = token.given(req.environ, self.headers)
            if client_token is None:
                return work.plain()
            digests = self.engine.parts.digests
            request = asked(client_token, req, context, digests)
            reply = self.engine.answer(request, work)
        except errors.Refusal as refusal:
            self._note(req, account, refusal, refusal.status)
            ours = response.of_refusal(refusal, client_token)
            return _with(self.refused(refusal), ours)
        self._note(req, account, reply, reply.answer.status)
        return _with(work.shown(reply), response.of_reply(reply, client_token))

    def _note(
        self,
        req: webob.Request,
        account: Account,
        told: Reply | errors.Refusal,
        status: int,
    ) -> None:
        if self.notes is not None:
            self.notes.note(
                req.environ, account, told.verdict, status, told.request_id
            )


class _Work:
    """An operation that withdraws nothing, and leaves no evidence."""

    def __init__(
        self,
        run: ty.Callable[[], webob.Response],
        rebuild: Rebuild | None,
        kind: Kind | Change | None,
        most: ty.Callable[[], int | None],
    ) -> None:
        self._run = run
        self._rebuild = rebuild
        self._kind = kind
        self._most = most
        # What the operation raised, if it has run and did.
        self._error: Exception | None = None
        # The status as the service words it, if the operation has run.
        self._status: str | None = None

    def plain(self) -> webob.Response:
        """Run the operation without a token."""
        return self._run()

    def shown(self, reply: Reply) -> webob.Response:
        """Return an answer, or raise what the operation raised instead."""
        if self._error is not None:
            raise self._error
        rendered = _rendered(reply.answer)
        if reply.request_id is None and self._status is not None:
            rendered.status = self._status
        return rendered

    @property
    def link(self) -> str | None:
        return None if self._kind is None else self._kind.name

    @property
    def lasting(self) -> bool:
        return isinstance(self._kind, Kind) and self._kind.lasting

    @property
    def followed(self) -> bool:
        return self._kind is not None and self._kind.followed

    def run(self) -> Answer:
        claim = claims.current()
        if claim is not None:
            claim.most = self._most()
            claim.handed_on = self._kind is not None and self._kind.handed_on
        try:
            return self._told(self._run())
        except webob.exc.HTTPException as answer:
            return self._told(answer)
        except errors.TakenOver:
            return Answer(500, (), b"")
        except Exception as exc:
            self._error = exc
            return Answer(500, (), b"")

    def _told(self, answer: ty.Any) -> Answer:
        self._status = answer.status
        return _kept(answer)

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        if self._rebuild is None:
            return None
        with inquiring():
            made = self._rebuild(resources)
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
    # Before WebOb reads the body: it may add what the service has not said.
    headers = tuple(answer.headerlist)
    return Answer(answer.status_int, headers, answer.body)


def _rendered(answer: Answer) -> webob.Response:
    rendered = webob.Response(status=answer.status, body=answer.body)
    length = rendered.content_length
    rendered.headerlist = list(answer.headers)
    if rendered.content_length is None and answer.status != _NO_CONTENT:
        rendered.content_length = length
    return rendered


def _with(answer: webob.Response, told: response.Headers) -> webob.Response:
    answer.headerlist.extend(told)
    return answer
