# SPDX-License-Identifier: Apache-2.0
"""What other services of Nova record of a message that they have got."""

from __future__ import annotations

import inspect
import sys
import types
import typing as ty

import sqlalchemy as sa

from nova import context
from nova import objects
from nova.compute import manager as compute
from nova.compute import utils
from nova.conductor import manager as conductor
from nova.db.main import api as main_db
from nova.db.main import models
from testing.nova import cloud

# What nova-conductor begins without the decorator that names its event: by
# an event of another name, or by a message to nova-compute.
_OTHERWISE = {
    "attach_volume": "compute_attach_volume",
    "rebuild_instance": "rebuild_server",
    "unshelve_instance": "compute_start_instance",
}


def event_of(method: str) -> str:
    """Return the name of the first event after a message.

    :param method: the method that the message names
    """
    if method in _OTHERWISE:
        return _OTHERWISE[method]
    for manager in (conductor.ComputeTaskManager, compute.ComputeManager):
        name = _decorated(vars(manager).get(method))
        if name is not None:
            return name
    raise LookupError(method)


def decorated() -> set[str]:
    """Return the names of all events that Nova's decorator records."""
    return {
        name
        for manager in (conductor.ComputeTaskManager, compute.ComputeManager)
        for method in vars(manager).values()
        if (name := _decorated(method)) is not None
    }


def _decorated(method: ty.Any) -> str | None:
    """Return what compute.utils.wrap_instance_event was told, if it was."""
    if not isinstance(method, types.FunctionType):
        return None
    told = inspect.getclosurevars(method).nonlocals
    if {"prefix", "graceful_exit", "function"} <= told.keys():
        return f"{told['prefix']}_{told['function'].__name__}"
    # Not all decorators say what they wrap.
    names = map(_decorated, told.values())
    return next((name for name in names if name is not None), None)


class Recorder:
    """The records of one request to the server of the cloud.

    :param test: the cloud
    :param request_id: the request
    """

    def __init__(self, test: cloud.Cloud, request_id: str) -> None:
        self._test = test
        self._context = context.RequestContext(
            "fake", test.api.project_id, request_id=request_id
        )
        with self._engine() as connection:
            action = models.InstanceAction
            query = sa.select(action.id).where(action.request_id == request_id)
            self._action_id = connection.scalar(query)

    def events(self) -> list[str]:
        """Return the names of the events that are recorded."""
        event = models.InstanceActionEvent
        with self._engine() as connection:
            query = sa.select(event.event).where(
                event.action_id == self._action_id
            )
            return list(connection.scalars(query))

    def forget(self) -> None:
        """Leave nothing but the record that the request was received."""
        event = models.InstanceActionEvent
        self.change(message=None, finish_time=None)
        with self._engine() as connection:
            where = event.action_id == self._action_id
            connection.execute(sa.delete(event).where(where))

    def change(self, **values: ty.Any) -> None:
        """Change the record of the action."""
        action = models.InstanceAction
        with self._engine() as connection:
            where = action.id == self._action_id
            connection.execute(sa.update(action).where(where).values(values))

    def begin(self, event: str) -> None:
        """Record that an event has begun."""
        with self._cell() as cell:
            self._reporter(cell, event).__enter__()

    def end(self, event: str) -> None:
        """Record that an event that has begun ended well."""
        with self._cell() as cell:
            self._reporter(cell, event).__exit__(None, None, None)

    def fail(self, event: str) -> None:
        """Record that an event that has begun ended with an error."""
        with self._cell() as cell:
            try:
                raise RuntimeError("broken")
            except RuntimeError:
                self._reporter(cell, event).__exit__(*sys.exc_info())

    def record(self, action: str) -> None:
        """Record another action under the id of this request."""
        with self._cell() as cell:
            objects.InstanceAction.action_start(cell, cloud.SERVER, action)

    def _reporter(self, cell: ty.Any, event: str) -> utils.EventReporter:
        return utils.EventReporter(cell, event, cloud.HOST, cloud.SERVER)

    def _cell(self) -> ty.Any:
        cell = self._test.cell_mappings["cell1"]
        return context.target_cell(self._context, cell)

    def _engine(self) -> ty.Any:
        with self._cell() as cell:
            manager = main_db.get_context_manager(cell)
        return manager.writer.get_engine().begin()
