# SPDX-License-Identifier: Apache-2.0
"""Answers requests with a token in the way of Nova's compute API."""

from __future__ import annotations

import copy
import functools
import typing as ty

from oslo_config import cfg
from oslo_log import log as logging

import nova.conf
from nova.conf import idempotency as options
from nova.db.api import api as api_db
from openstack_idempotency.sql import capability
from nova.db.idempotency import kinds
from openstack_idempotency.sql import steps
from openstack_idempotency.sql import store
from openstack_idempotency.sql.connections import Connections
from nova.idempotency import chores
from nova.idempotency import operations
from nova.idempotency import posts
from nova.idempotency import response
from openstack_idempotency import seal
from nova.idempotency import versions
from nova.idempotency import work
from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import sameness
from openstack_idempotency.protocol import token
from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.engine.limits import Limits
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.work import Request

LOG = logging.getLogger(__name__)


class NovaService:
    """What the decorator asks of the compute API.

    :param engine: answers requests by the protocol
    :param tokens: the table of tokens, as the engine has it
    :param headers: the names of the headers that may bear a token
    :param chores_: what this process does beside answering, if anything
    """

    def __init__(
        self,
        engine: Engine,
        tokens: store.SqlStore,
        headers: ty.Collection[str] = token.HEADERS,
        chores_: chores.Chores | None = None,
    ) -> None:
        self.headers = headers
        self._engine = engine
        self._tokens = tokens
        self._chores = chores_
        for operation in operations.OPERATIONS:
            if operation.kind is not None:
                kinds.listen(operation.kind)

    def perform(
        self,
        method: ty.Callable[..., ty.Any],
        arguments: dict[str, ty.Any],
        call: ty.Callable[[], ty.Any],
    ) -> ty.Any:
        """Answer a request that bears a client token.

        What the protocol refuses is an answer, too: an error would become a
        500 where @wsgi.expected_errors stands outside of ours.

        :param method: the controller's method
        :param arguments: the arguments of the call by their names
        :param call: runs the method with them
        """
        req = arguments["req"]
        client_token = None
        try:
            client_token = token.given(req.environ, self.headers)
            if client_token is None:
                return call()
            if self._chores is not None:
                self._chores.ensure()
            asked = _request(client_token, req)
            reply = self._engine.answer(
                asked, self._work(method, arguments, call)
            )
        except errors.Refusal as refusal:
            return response.refused(refusal, client_token, req)
        return response.of(reply, client_token, req)

    def _work(
        self,
        method: ty.Callable[..., ty.Any],
        arguments: dict[str, ty.Any],
        call: ty.Callable[[], ty.Any],
    ) -> work.NovaWork:
        controller = getattr(method, "__self__", arguments.get("self"))
        req, body = arguments["req"], arguments.get("body")
        post = posts.asked(req, body)
        return work.NovaWork(
            operation=operations.find(*post) or operations.Operation(*post),
            method=_outermost(method, posts.called(req, body)),
            controller=controller,
            arguments=arguments,
            body=_copy(body),
            call=call,
            runner=self._tokens.runner,
        )


@functools.cache
def from_configuration() -> NovaService:
    """Return the process's one service, as nova.conf describes it.

    :raises options.Misconfigured: the options contradict each other, or do
        not fit the database server
    """
    return build(nova.conf.CONF)


def build(conf: cfg.ConfigOpts) -> NovaService:
    """Return a service on Nova's API database.

    :param conf: Nova's configuration
    :raises options.Misconfigured: the options contradict each other, or do
        not fit the database server
    """
    options.register_opts(conf)
    options.check(conf)
    group = conf.idempotency
    secrets = [secret.encode() for secret in group.secret]
    tokens = _store(conf, secrets)
    parts = Parts.of(
        store=tokens,
        digests=digest.Digests(secrets),
        sealer=seal.AnswerSealer(secrets),
        limits=Limits(
            token_ttl=group.token_ttl,
            wait_timeout=group.wait_timeout,
            max_response_size=group.max_response_size,
            max_waiting=group.max_waiting,
            max_tokens=group.max_tokens,
        ),
        lease=group.lease,
    )
    return NovaService(
        Engine(parts), tokens, group.headers, chores.Chores(tokens)
    )


def _store(
    conf: cfg.ConfigOpts, secrets: ty.Sequence[bytes]
) -> store.SqlStore:
    connections = Connections(
        api_db.context_manager,
        size=conf.api_database.max_pool_size or 5,
        overflow=conf.api_database.max_overflow or 0,
        wsrep_sync_wait=conf.api_database.get("mysql_wsrep_sync_wait"),
    )
    settings = steps.Settings(
        lease=conf.idempotency.lease * 1000,
        token_ttl=conf.idempotency.token_ttl * 1000,
        key_ids=tuple(digest.key_id(secret) for secret in secrets),
        host=conf.host,
    )
    tokens = store.SqlStore(
        api_db.context_manager, settings, connections=connections
    )
    try:
        tokens.probe()
    except capability.Unsupported as exc:
        raise options.Misconfigured(
            f"Client tokens cannot be kept in [api_database]: {exc}"
        ) from None
    return tokens


def _request(client_token: str, req: ty.Any) -> Request:
    context = req.environ["nova.context"]
    path = req.environ["PATH_INFO"]
    named = req.environ.get("wsgiorg.routing_args", ((), {}))[1]
    version = versions.version_asked(req.headers)
    return Request(
        token=client_token,
        scope=sameness.Scope(
            project_id=context.project_id,
            user_id=context.user_id,
            domain_id=context.domain_id,
            system_scope=context.system_scope,
            target=sameness.target(req.method, path, named.get("project_id")),
        ),
        canonical=sameness.canonical(
            req.query_string, version, req.body, req.get_content_type()
        ),
        request_id=context.request_id,
        version=version,
        roles=frozenset(role.lower() for role in context.roles or ()),
        attempt=token.attempt(req.environ),
        may_wait=bool(req.environ.get("wsgi.multithread", True)),
    )


def _outermost(ours: ty.Any, called: ty.Any) -> ty.Any:
    # Nova's decorators may stand above ours. In Nova 31 what it calls chooses
    # among several methods, and has nothing of their decorators.
    return called if hasattr(called, "wsgi_codes") else ours


def _copy(body: ty.Any) -> ty.Any:
    # Controllers change their bodies while they work.
    try:
        return copy.deepcopy(body)
    except RecursionError:
        raise errors.BodyTooDeep from None
