# SPDX-License-Identifier: Apache-2.0
"""Answers requests with a token in the way of Nova's compute API."""

from __future__ import annotations

import copy
import email.utils
import functools
import typing as ty

from oslo_config import cfg
import webob
import webob.exc

from nova.api.openstack import wsgi
import nova.conf
from nova.conf import idempotency as options
from nova.db.api import api as api_db
from nova.db.idempotency import kinds
from nova.db.idempotency import store
from nova.idempotency import operations
from nova.idempotency import posts
from nova.idempotency import seal
from nova.idempotency import versions
from nova.idempotency import work
from nova.openstack.common.idempotency import digest
from nova.openstack.common.idempotency import engine
from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency import heartbeat
from nova.openstack.common.idempotency import limits
from nova.openstack.common.idempotency import sameness
from nova.openstack.common.idempotency import token
from nova.openstack.common.idempotency.answer import Reply
from nova.openstack.common.idempotency.work import Request


class NovaService:
    """What the decorator asks of the compute API.

    :param engine_: answers requests by the protocol
    :param headers: the names of the headers that may bear a token
    """

    def __init__(
        self,
        engine_: engine.Engine,
        headers: ty.Collection[str] = token.HEADERS,
    ) -> None:
        self._engine = engine_
        self.headers = headers
        for operation in operations.OPERATIONS:
            if operation.kind is not None:
                kinds.listen(operation.kind)

    def perform(
        self,
        method: ty.Callable[..., ty.Any],
        arguments: dict[str, ty.Any],
        call: ty.Callable[[], ty.Any],
    ) -> webob.Response:
        """Answer a request that bears a client token.

        :param method: the controller's method
        :param arguments: the arguments of the call by their names
        :param call: runs the method with them
        """
        client_token = None
        try:
            client_token = token.given(
                arguments["req"].environ, self.headers
            )
            if client_token is None:
                return call()
            reply = self._engine.answer(
                _request(client_token, arguments),
                _work(method, arguments, call),
            )
        except errors.Refusal as refusal:
            return _refused(arguments["req"], refusal, client_token)
        return _response(reply, client_token)


@functools.cache
def from_configuration() -> NovaService:
    """Return the process's one service, as nova.conf describes it.

    :raises options.Misconfigured: the options contradict each other
    """
    built = build(nova.conf.CONF)
    return NovaService(built, nova.conf.CONF.idempotency.headers)


def build(conf: cfg.ConfigOpts) -> engine.Engine:
    """Return an engine on Nova's API database.

    :param conf: Nova's configuration
    :raises options.Misconfigured: the options contradict each other
    """
    options.register_opts(conf)
    options.check(conf)
    group = conf.idempotency
    secrets = [secret.encode() for secret in group.secret]
    tokens = store.Store(
        api_db.context_manager,
        lease=group.lease * 1000,
        token_ttl=group.token_ttl * 1000,
    )
    return engine.Engine(
        store=tokens,
        digests=digest.Digests(secrets),
        sealer=seal.AnswerSealer(secrets),
        # Two renewals may fail before a third one would come too late.
        heartbeat=heartbeat.Heartbeat(tokens, interval=group.lease / 3),
        limits=limits.Limits(
            token_ttl=group.token_ttl,
            wait_timeout=group.wait_timeout,
            max_response_size=group.max_response_size,
        ),
    )


def _request(client_token: str, arguments: dict[str, ty.Any]) -> Request:
    req = arguments["req"]
    context = req.environ["nova.context"]
    path = req.environ["PATH_INFO"]
    named = req.environ.get("wsgiorg.routing_args", ((), {}))[1]
    return Request(
        token=client_token,
        scope=sameness.Scope(
            project_id=context.project_id,
            user_id=context.user_id,
            target=sameness.target(req.method, path, named.get("project_id")),
            domain_id=context.domain_id,
            system_scope=context.system_scope,
        ),
        canonical=sameness.canonical(
            req.query_string,
            versions.version_asked(req.headers),
            req.body,
            # Without one of JSON's own Nova takes a body for JSON, too.
            req.get_content_type(),
        ),
        request_id=context.request_id,
    )


def _work(
    method: ty.Callable[..., ty.Any],
    arguments: dict[str, ty.Any],
    call: ty.Callable[[], ty.Any],
) -> work.NovaWork:
    controller = getattr(method, "__self__", arguments.get("self"))
    post = posts.asked(arguments["req"], arguments.get("body"))
    outermost = posts.called(arguments["req"], arguments.get("body"))
    return work.NovaWork(
        operation=operations.find(*post) or operations.Operation(*post),
        # Nova's decorators may stand above ours.
        method=method if outermost is None else outermost,
        controller=controller,
        arguments=arguments,
        body=_copy(arguments.get("body")),
        call=call,
    )


def _copy(body: ty.Any) -> ty.Any:
    # Controllers take their bodies apart while they work.
    try:
        return copy.deepcopy(body)
    except RecursionError:
        raise errors.BodyTooDeep from None


def _response(reply: Reply, client_token: str) -> webob.Response:
    answer = reply.answer
    headers = [*answer.headers, (token.HEADER, client_token)]
    if reply.expires_at is not None and answer.status < 400:
        expires = email.utils.formatdate(reply.expires_at / 1000, usegmt=True)
        headers.append(("X-Client-Token-Expires", expires))
    if reply.replay is not None:
        headers.append(("Idempotent-Replayed", "true"))
        headers.append(
            ("X-Client-Token-Request-Id", reply.replay.request_id)
        )
    return webob.Response(
        status=answer.status, headerlist=headers, body=answer.body
    )


def _refused(
    req: wsgi.Request, refusal: errors.Refusal, client_token: str | None
) -> webob.Response:
    """Return an error as an answer: what is raised, a decorator may catch."""
    headers = {}
    if client_token is not None:
        headers[token.HEADER] = client_token
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    make = webob.exc.status_map[refusal.status]
    fault = make(explanation=refusal.message, headers=headers)
    answer = req.get_response(wsgi.Fault(fault))
    # Nova adds it to each answer that is returned, this one among them.
    del answer.headers["Vary"]
    return answer
