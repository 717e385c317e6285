# SPDX-License-Identifier: Apache-2.0
"""The filter in a service's pipeline, after the one that makes contexts.

In a paste file it is::

    [filter:idempotency]
    use = egg:openstack-idempotency#idempotency
    service = glance
"""

from __future__ import annotations

import functools
import socket
import typing as ty

from oslo_config import cfg
from oslo_log import log as logging
from oslo_middleware import sizelimit
import webob
import webob.exc

from openstack_idempotency import assembly
from openstack_idempotency.assembly import Place
from openstack_idempotency.middleware import adapter as adapters
from openstack_idempotency.middleware.adapter import Adapter
from openstack_idempotency.middleware.adapter import Environ
from openstack_idempotency.middleware.asking import ask
from openstack_idempotency.middleware.lookup import LookUps
from openstack_idempotency.middleware.operation import Case
from openstack_idempotency.middleware.operation import Table
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import token
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql import link
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind
from openstack_idempotency.wsgi import browsers
from openstack_idempotency.wsgi.edge import Edge
from openstack_idempotency.wsgi.keeping import Keeping
from openstack_idempotency.wsgi.lookup import COLLECTION
from openstack_idempotency.wsgi.lookup import Desk
from openstack_idempotency.wsgi.lookup import Promise

LOG = logging.getLogger(__name__)

_CHUNKS: ty.Final = "HTTP_TRANSFER_ENCODING"
_MISPLACED: ty.Final = (
    "Client tokens are ignored: the filter stands before what finds out who "
    "a caller is. Put it behind that in the pipeline of %s."
)
# An answer to who has to be known would not be a success.
_NOBODY: ty.Final = (
    "Client tokens are ignored: a token is a user's, and the pipeline of %s "
    "lets in callers of whom it does not know who they are."
)
_BROKEN: ty.Final = (
    "The server met an unexpected error. The header X-Client-Token-State "
    "says whether the request may be sent again with its client token."
)
# A pipeline may have the filter twice. The outer one has claimed the token by
# then, and the inner one would take its request for a retry of itself.
_TAKEN: ty.Final = "openstack_idempotency.taken"
# uWSGI does not pass on a body in chunks unless it is told to decode it; that
# must not be taken for an empty body.
_NO_LENGTH: ty.Final = webob.exc.HTTPLengthRequired(
    "The request has a body of unknown length, which this server does not "
    "pass on. Nothing was done; send it with a Content-Length."
)


def place(adapter: Adapter) -> Place:
    """Return where a service keeps its tokens.

    :param adapter: the service's
    """
    return Place(
        database=adapter.database(),
        options=adapter.options,
        host=socket.gethostname(),
        sync_command=f"openstack-idempotency --service {adapter.name} db sync",
        turn_off=adapter.turn_off,
    )


class Filter:
    """Answers requests that bear a token, and look-ups; all else passes.

    :param application: the application that it stands in front of
    :param adapter: the service's
    :param conf: the service's configuration, loaded
    :raises opts.Misconfigured: the options contradict each other, or do not
        fit the database server
    """

    def __init__(
        self, application: ty.Any, adapter: Adapter, conf: cfg.ConfigOpts
    ) -> None:
        adapter.prepare()
        self.application = application
        self._adapter = adapter
        # Whether it has logged that it ignores tokens.
        self._ignores = False
        self._table = Table(adapter.operations)
        engine, self.tokens = assembly.build(conf, place(adapter))
        for row in adapter.operations:
            if row.kind is not None:
                link.listen(row.kind)
        group = conf.idempotency
        self._headers = group.headers
        self.keeping = Keeping.of(
            engine,
            self.tokens,
            adapter.lasting,
            interval=group.purge_interval,
            batch=group.purge_batch,
        )
        self._edge = functools.partial(
            Edge, engine, group.headers, notes=self.keeping.notes
        )
        promise = Promise(group.token_ttl, group.every_host)
        desk = Desk(engine.lookup(self.tokens), self.tokens, promise)
        self._look_ups = LookUps(desk, adapter, group.headers)
        # Not every pipeline has a limit of its own, and bodies are read whole.
        self._limited = sizelimit.RequestBodySizeLimiter(self._answer, conf)

    def __call__(self, environ: Environ, start_response: ty.Any) -> ty.Any:
        """Answer a request, or pass it on.

        What this process does at intervals begins with its first request,
        with a token or without: tokens end even if nobody sends another one.

        :param environ: WSGI's
        :param start_response: WSGI's
        """
        self.keeping.ensure()
        return self._chosen(environ)(environ, start_response)

    def _chosen(self, environ: Environ) -> ty.Any:
        """Return the application that answers a request."""
        method = environ["REQUEST_METHOD"]
        bears = method == "POST" and token.borne(environ, self._headers)
        if not bears and method != "GET":
            return self.application
        path = self._adapter.path(environ)
        if bears:
            ours = self._taken if self._table.takes(path) else None
        else:
            ours = self._look_ups if path == f"/{COLLECTION}" else None
        if ours is None or _TAKEN in environ:
            return self.application
        # A caller who is not known yet is about to log in, or is refused.
        return ours if self._known(environ) else self._unknown

    def _unknown(self, environ: Environ, start_response: ty.Any) -> ty.Any:
        done = False

        def started(status: str, *given: ty.Any) -> ty.Any:
            nonlocal done
            done = status < "4"
            return start_response(status, *given)

        answer = self.application(environ, started)
        known = self._known(environ)
        if (known or done) and not self._ignores:
            self._ignores = True
            LOG.error(_MISPLACED if known else _NOBODY, self._adapter.name)
        return answer

    def _known(self, environ: Environ) -> bool:
        return self._adapter.context(environ) is not None

    def _taken(self, environ: Environ, start_response: ty.Any) -> ty.Any:
        environ[_TAKEN] = True
        take = self._limited
        if not environ.get("CONTENT_LENGTH") and not _ends(environ):
            if _CHUNKS in environ:
                take = _NO_LENGTH
            # From here on nobody waits for what may never come.
            environ["CONTENT_LENGTH"] = "0"
        return take(environ, start_response)

    def _answer(self, environ: Environ, start_response: ty.Any) -> ty.Any:
        req = webob.Request(environ)
        if _CHUNKS in environ and not req.body:
            return _NO_LENGTH(environ, start_response)
        adapter = self._adapter
        path = adapter.path(environ)
        row, named = self._table.find(path, req.body)
        if row.left_out is not None:
            return self.application(environ, start_response)

        def rebuild(made: ty.Sequence[Resource]) -> webob.Response | None:
            get = functools.partial(
                ask, self.application, req, prefix=adapter.prefix
            )
            answer = row.rebuilt(Case(req, made, named, get))
            there = answer is not None and self._there(row.kind, made)
            return answer if there else None

        edge = self._edge(refused=functools.partial(self._refused, req))
        answer = edge.answer(
            req,
            adapter.caller(environ),
            functools.partial(self._run, req),
            kind=row.kind,
            rebuild=rebuild,
            most=functools.partial(row.most, req),
            version=adapter.version(req.headers),
            operation=str(row),
            path=path,
        )
        return answer(environ, start_response)

    def _there(
        self, kind: Kind | Change | None, made: ty.Sequence[Resource]
    ) -> bool:
        """Tell whether the service has shown what a token made.

        Somebody may have deleted it, and made another under the same id.
        """
        if not isinstance(kind, Kind):
            return True  # nobody can tell it of a change
        return self.tokens.there(kind, made) >= {*made}

    def _run(self, req: webob.Request) -> webob.Response:
        """Let the service answer, with 500 if it raises an error.

        Most servers would close the connection otherwise, though it is known
        what became of the token.
        """
        try:
            answer: webob.Response = req.get_response(self.application)
            answer.body  # noqa: B018 - it may only fail when it is read
        except (errors.TakenOver, webob.exc.HTTPException):
            raise
        except Exception:
            LOG.exception(
                "The service raised an error instead of answering a request "
                "with a client token; answering with 500. If a filter in "
                "front makes answers of its errors, name that one again, "
                "after this filter."
            )
            return self._adapter.fault(500, _BROKEN, req)
        return answer

    def _refused(
        self, req: webob.Request, refusal: errors.Refusal
    ) -> webob.Response:
        return self._adapter.fault(refusal.status, str(refusal), req)


def _ends(environ: Environ) -> bool:
    """Tell whether a body of unknown length can be read to its end.

    Other filters say so, too, even if the server has not decoded the body.
    """
    return bool(environ.get("wsgi.input_terminated"))


def factory(
    global_conf: ty.Any, service: str, **local_conf: ty.Any
) -> ty.Callable[[ty.Any], Filter]:
    """Return what puts the filter in front of an application, for Paste.

    :param global_conf: paste's
    :param service: the name of the service's adapter
    :param local_conf: paste's
    :raises adapters.Unknown: there is no such adapter
    """
    # Paste builds a pipeline from its end: the cors filter comes later.
    browsers.admit()
    adapter = adapters.load(service)
    return lambda application: Filter(application, adapter, cfg.CONF)
