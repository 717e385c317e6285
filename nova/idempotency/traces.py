# SPDX-License-Identifier: Apache-2.0
"""What Nova records about an operation on a server, and what that proves.

The compute API records an instance action under the request's id, and hands
the operation on with a message. The service that carries it out adds an event
to that action when it begins, and the event's result when it ends. So an
action without an event does not tell whether the message was ever sent.
"""

from __future__ import annotations

import dataclasses
import typing as ty

from nova import exception
from nova.compute import api as compute_api
from openstack_idempotency.protocol.evidence import Evidence

# The prefix of the names of events that the compute API itself records.
_BY_THE_API = "api_"
# What Nova writes as the message of an action that failed.
_ERROR = "error"


@dataclasses.dataclass(frozen=True)
class InstanceAction:
    """How Nova records an operation on a server.

    :param name: the name of the instance action
    :param events: the names of the events that show that it was taken up
    :param awaited: whether the API waits for the end of such an event, and
        may still answer with a refusal
    :param deletes: whether the operation is done once the server is gone
    """

    name: str
    events: tuple[str, ...] = ()
    awaited: bool = False
    deletes: bool = False


@dataclasses.dataclass(frozen=True)
class Event:
    """An event of an instance action.

    :param name: its name
    :param result: ``Success`` or ``Error``, None while it has not ended
    """

    name: str
    result: str | None

    @property
    def failed(self) -> bool:
        """Tell whether it ended with an error."""
        return (self.result or "").lower() == _ERROR


@dataclasses.dataclass(frozen=True)
class Recorded:
    """An instance action as Nova has recorded it.

    :param id: its key in the database of the server's cell
    :param name: its name
    :param failed: whether its message says that it failed
    :param finished: whether the API wrote down that it had finished
    :param gone: whether the server is deleted
    :param events: its events
    """

    id: int
    name: str
    failed: bool = False
    finished: bool = False
    gone: bool = False
    events: tuple[Event, ...] = ()


def judge(expected: InstanceAction, found: Recorded | None) -> Evidence:
    """Decide what a record tells of a request whose worker died.

    :param expected: how Nova records the operation
    :param found: what it recorded last under the id of the request
    """
    # One request may record several actions: deleting a resized server starts
    # with confirming the resize.
    if found is None or found.name != expected.name:
        return Evidence.NONE
    if found.failed or any(event.failed for event in found.events):
        return Evidence.FAILED
    if found.finished or (found.gone and expected.deletes):
        return Evidence.UNDER_WAY
    if any(_tells(expected, event) for event in found.events):
        return Evidence.UNDER_WAY
    return Evidence.NONE


def _tells(expected: InstanceAction, event: Event) -> bool:
    # A nova-compute that restarts adds events of its own to the server's last
    # action, whatever that is; so only those of this operation count.
    if event.name not in expected.events:
        return False
    # What the API itself was doing has ended with its worker.
    open_ = expected.awaited or event.name.startswith(_BY_THE_API)
    return event.result is not None or not open_


def recorded(
    context: ty.Any, server_id: str, request_id: str
) -> Recorded | None:
    """Read what Nova recorded last of a request to a server.

    :param context: the context of the retry
    :param server_id: the server's id
    :param request_id: the id of the first request
    :returns: None where there is no record
    """
    # Nova may have deleted the server by now, as it was asked to.
    context = context.elevated(read_deleted="yes")
    actions = compute_api.InstanceActionAPI()
    try:
        server = compute_api.API().get(context, server_id)
    except exception.InstanceNotFound:
        return None
    action = actions.action_get_by_request_id(context, server, request_id)
    if action is None:
        return None
    events = actions.action_events_get(context, server, action.id)
    return Recorded(
        id=action.id,
        name=action.action,
        failed=(action.message or "").lower() == _ERROR,
        finished=action.finish_time is not None,
        gone=bool(server.deleted),
        events=tuple(Event(event.event, event.result) for event in events),
    )
