# SPDX-License-Identifier: Apache-2.0
"""Answers requests with a token in the way of Nova's compute API."""

from __future__ import annotations

import typing as ty

from oslo_config import cfg
from oslo_log import log as logging

import nova.conf
from nova.db.idempotency import database
from nova.db.idempotency import kinds as nova_kinds
from nova.idempotency import microversion
from nova.idempotency import operations
from nova.idempotency import posts
from nova.idempotency import presence
from nova.idempotency import response
from nova.idempotency import work
from nova.idempotency.chores import Chores
from nova.idempotency.unconfigured import Unconfigured
from openstack_idempotency import assembly
from openstack_idempotency import opts
from openstack_idempotency.engine.account import Account
from openstack_idempotency.engine.counting import Counting
from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.once import Once
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import headers
from openstack_idempotency.protocol import token
from openstack_idempotency.protocol.digest import Digests
from openstack_idempotency.protocol.request import Request
from openstack_idempotency.sql import link
from openstack_idempotency.sql import store
from openstack_idempotency.sql.purger import Purger
from openstack_idempotency.wsgi import incoming
from openstack_idempotency.wsgi.keeping import Notes
from openstack_idempotency.wsgi.lookup import Desk
from openstack_idempotency.wsgi.lookup import Promise

LOG = logging.getLogger(__name__)


class NovaService:
    """What the decorator asks of the compute API.

    :param engine: answers requests by the protocol
    :param tokens: the table of tokens, as the engine has it
    :param promise: what the look-up promises
    :param headers: the names of the headers that may bear a token
    :param chores: what this process does besides answering, if anything
    :param counting: writes down what is counted, if anything
    """

    def __init__(
        self,
        engine: Engine,
        tokens: store.SqlTokenStore,
        promise: Promise,
        *,
        headers: ty.Collection[str] = headers.TOKENS,
        chores: Chores | None = None,
        counting: Counting | None = None,
    ) -> None:
        self.headers = headers
        self.promise = promise
        self.tokens = tokens
        self._engine = engine
        self._chores = chores
        self._notes = Notes(engine.parts.counters, counting)

    @property
    def desk(self) -> Desk:
        """What tells what came of requests with a token."""
        looks = self._engine.lookup(self.tokens)
        return Desk(looks, self.tokens, self.promise)

    def begin_chores(self) -> None:
        """Start what this process does besides answering, if it has not yet.

        Our router does so at each request; Nova's own, where methods are
        decorated in its source, does not.
        """
        if self._chores is not None:
            self._chores.ensure()

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
        req, body = arguments["req"], arguments.get("body")
        operation = _operation(req, body)
        environ = req.environ
        account = Account(
            str(operation),
            environ["nova.context"].request_id,
            token.attempt(environ),
        )
        client_token = None
        try:
            client_token = token.given(environ, self.headers)
            if client_token is None:
                return call()
            self.begin_chores()
            digests = self._engine.parts.digests
            asked = _request(client_token, req, account.operation, digests)
            doing = self._work(method, arguments, call, operation)
            reply = self._engine.answer(asked, doing)
        except errors.Refusal as refusal:
            told = refusal.verdict, refusal.status, refusal.request_id
            self._notes.note(environ, account, *told)
            return response.refused(refusal, client_token, req)
        told = reply.verdict, reply.answer.status, reply.request_id
        self._notes.note(environ, account, *told)
        return response.of(reply, client_token, req)

    def _work(
        self,
        method: ty.Callable[..., ty.Any],
        arguments: dict[str, ty.Any],
        call: ty.Callable[[], ty.Any],
        operation: operations.Operation,
    ) -> work.NovaWork:
        controller = getattr(method, "__self__", arguments.get("self"))
        req, body = arguments["req"], arguments.get("body")
        return work.NovaWork(
            operation=operation,
            method=_outermost(method, posts.called(req, body)),
            controller=controller,
            arguments=arguments,
            body=_copy(body),
            call=call,
            runner=self.tokens.runner,
        )


def of_decorated_methods() -> NovaService | Unconfigured:
    """Return the service for what is decorated in Nova's source.

    Unlike our router, Nova's does not refuse to start for the sake of it.
    """
    try:
        return from_configuration()
    except opts.Misconfigured as exc:
        return Unconfigured(str(exc))


def build(conf: cfg.ConfigOpts) -> NovaService:
    """Return a service on Nova's API database.

    From then on, Nova's models bind what is created to the tokens of this
    process's requests.

    :param conf: Nova's configuration
    :raises opts.Misconfigured: the options contradict each other, or do not
        fit the database server
    """
    place = database.place(conf.host, presence.turn_off())
    engine, tokens = assembly.build(conf, place)
    for operation in operations.OPERATIONS:
        if operation.kind is not None:
            link.listen(operation.kind)
    group = conf.idempotency
    promise = Promise(group.token_ttl, group.every_host)
    counting = Counting(engine.parts.counters, tokens)
    purger = Purger(
        tokens,
        nova_kinds.LASTING,
        interval=group.purge_interval,
        batch=group.purge_batch,
        counting=counting,
    )
    return NovaService(
        engine,
        tokens,
        promise,
        headers=group.headers,
        chores=Chores(tokens, purger),
        counting=counting,
    )


#: The process's one service, as nova.conf describes it. It raises what
#: :func:`build` does.
from_configuration: ty.Final = Once(lambda: build(nova.conf.CONF))


def _operation(req: ty.Any, body: ty.Any) -> operations.Operation:
    post = posts.asked(req, body)
    return operations.find(*post) or operations.Operation(*post)


def _request(
    client_token: str, req: ty.Any, operation: str, digests: Digests
) -> Request:
    named = req.environ.get("wsgiorg.routing_args", ((), {}))[1]
    return incoming.request(
        client_token,
        req,
        req.environ["nova.context"],
        digests,
        version=microversion.asked(req.headers),
        project_id=named.get("project_id"),
        operation=operation,
    )


def _outermost(ours: ty.Any, called: ty.Any) -> ty.Any:
    # Nova's decorators may stand above ours. In Nova 31 what it calls chooses
    # among several methods, and has nothing of their decorators.
    return called if hasattr(called, "wsgi_codes") else ours


def _copy(body: ty.Any) -> ty.Any:
    # Controllers change their bodies while they work.
    try:
        return _of_tree(body)
    except RecursionError:
        raise errors.BodyTooDeep from None


def _of_tree(value: ty.Any) -> ty.Any:
    # What is parsed from JSON is a tree: deepcopy would note each of its
    # nodes, and for a large body that takes as much as the body itself.
    if isinstance(value, dict):
        return {key: _of_tree(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_of_tree(item) for item in value]
    return value
