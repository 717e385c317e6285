# SPDX-License-Identifier: Apache-2.0
"""One operation of the compute API, as the engine runs and rebuilds it."""

from __future__ import annotations

import dataclasses
import typing as ty

import webob
import webob.exc

from nova import exception
from nova.api import openstack
from nova.api.openstack import wsgi
from nova.db.idempotency import kinds
from nova.db.idempotency import withdrawal
from nova.idempotency import acceptance
from nova.idempotency import traces
from nova.idempotency import undoing
from nova.idempotency.operations import Operation
from nova.idempotency.traces import Recorded
from openstack_idempotency.engine.inquiry import inquiring
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.evidence import Started
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.sql import transaction
from openstack_idempotency.sql.surviving import survive

# Nova adds these to every answer, replays among them. The version is kept: a
# replay bears that of the first answer.
_NOVAS_OWN = frozenset(
    name.lower()
    for name in (
        wsgi.LEGACY_API_VERSION_REQUEST_HEADER,
        "Content-Length",
        "Vary",
    )
)


@dataclasses.dataclass(frozen=True)
class NovaWork:
    """A call of a controller's method: the engine's port ``Work``.

    :param operation: its row in the table of operations
    :param method: the method
    :param controller: the controller whose method it is
    :param arguments: the arguments of the call by their names
    :param body: the body, as it was before the controller saw it
    :param call: runs the method with the arguments
    :param runner: runs statements on Nova's API database
    """

    operation: Operation
    method: ty.Callable[..., ty.Any]
    controller: ty.Any
    arguments: dict[str, ty.Any]
    body: ty.Any
    call: ty.Callable[[], ty.Any]
    runner: transaction.Runner

    @property
    def link(self) -> str | None:
        """The kind of resource that the operation is linked to, if it is."""
        return self.operation.kind.name if self.operation.kind else None

    @property
    def lasting(self) -> bool:
        """Whether the token lives as long as what it makes."""
        kind = self.operation.kind
        return kind is not None and kind.lasting

    @property
    def followed(self) -> bool:
        """Whether Nova's API commits more after what is bound."""
        kind = self.operation.kind
        return kind is not None and kind.followed

    def run(self) -> Answer:
        """Run Nova's method; faults and unexpected errors are answers."""
        try:
            with wsgi.ResourceExceptionHandler():
                return self._answer(self.call())
        except exception.VersionNotFoundForAPIMethod:
            # As Nova does: at this microversion the method must look absent.
            return self._rendered(wsgi.Fault(webob.exc.HTTPNotFound()))
        except wsgi.Fault as fault:
            return self._rendered(fault)
        except Exception as exc:
            return self._rendered(_unexpected(exc))

    def rebuild(self, resources: ty.Sequence[Resource]) -> Answer | None:
        """Make the first answer again from what the operation created.

        :param resources: what is bound to the token
        """
        if self.operation.rebuild is None:
            return None
        with inquiring():
            result = self.operation.rebuild(
                self.controller, self._req, self.body, resources
            )
            return None if result is None else self._answer(result)

    def survives(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> bool:
        """Tell whether Nova left any of the resources when it failed.

        :param transaction: the connection of a running one
        :param resources: what is bound to the token
        """
        kind = self.operation.kind
        return kind is not None and survive(transaction, kind, resources)

    def withdraw(
        self, transaction: ty.Any, resources: ty.Sequence[Resource]
    ) -> Withdrawn:
        """Take back the servers that nobody may have been asked to build.

        :param transaction: the connection of a running one, to be rolled
            back where the fate is Fate.TAKEN
        :param resources: all that is bound to the token
        """
        if self.operation.kind is not kinds.SERVER:
            # Everything else is complete once it is committed.
            return withdrawal.KEPT
        return withdrawal.withdraw(transaction, resources)

    def undo(self, todo: str) -> None:
        """Undo what was done for a server that was withdrawn.

        :param todo: what must be undone, from the withdrawal
        :raises errors.Unavailable: not all of it can be undone now
        """
        context = self._req.environ["nova.context"]
        undoing.undo(context, self.runner, todo)

    def started(self, request_id: str) -> Started:
        """Look up what Nova recorded of the first request.

        :param request_id: its id
        :raises errors.Unavailable: Nova cannot tell for now
        """
        expected = self.operation.evidence
        if expected is None:
            return Started(Evidence.NONE)
        server_id = self.arguments.get("server_id") or self.arguments["id"]
        context = self._req.environ["nova.context"]
        with inquiring():
            found = traces.recorded(context, server_id, request_id)
            told = traces.judge(expected, found)
            if found is None or told is not Evidence.UNDER_WAY:
                return Started(told)
            return Started(told, self._accepted(server_id, found))

    def _accepted(self, server_id: str, found: Recorded) -> Answer | None:
        make = self.operation.accepted
        if make is None:
            return self._answer(None)
        case = acceptance.Case(
            self.controller, self._req, self.body, server_id, found
        )
        result = make(case)
        return None if result is None else self._answer(result)

    @property
    def _req(self) -> wsgi.Request:
        return self.arguments["req"]

    def _answer(self, result: ty.Any) -> Answer:
        """Serialize a method's result as nova.api.openstack.wsgi does."""
        if type(result) is dict or result is None:
            result = wsgi.ResponseObject(result)
        if not isinstance(result, wsgi.ResponseObject):
            return self._rendered(result)
        if hasattr(self.method, "wsgi_codes"):
            result._default_code = self.method.wsgi_codes(self._req)
        content_type = self._req.best_match_content_type()
        answer = _kept(result.serialize(self._req, content_type))
        version = self._req.api_version_request
        if version.is_null():
            return answer
        shown = (
            wsgi.API_VERSION_REQUEST_HEADER,
            f"compute {version.get_string()}",
        )
        return dataclasses.replace(answer, headers=(*answer.headers, shown))

    def _rendered(self, app: ty.Any) -> Answer:
        return _kept(self._req.get_response(app))


def _unexpected(exc: Exception) -> openstack.FaultWrapper:
    """Return what Nova's pipeline makes of an error that nobody expects."""

    def fail(environ: ty.Any, start_response: ty.Any) -> ty.NoReturn:
        raise exc

    return openstack.FaultWrapper(fail)


def _kept(response: webob.Response) -> Answer:
    headers = tuple(
        (name, value)
        for name, value in response.headerlist
        if name.lower() not in _NOVAS_OWN
    )
    return Answer(response.status_int, headers, response.body)
