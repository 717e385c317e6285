# SPDX-License-Identifier: Apache-2.0
"""Withdraws servers that nobody may have been asked to build (section 5).

A server's BuildRequest is there while the cast to nova-conductor is on its
way or lost, and until the conductor has built a record in a cell, named that
cell in the server's mapping, and deletes it. Whoever deletes it decides: the
conductor that the server is built, we that it is not. What must then be undone
is in :mod:`nova.idempotency.undoing`.

The conductor treats the missing row like one whose server was deleted by its
user while it was booting (nova.conductor.manager, the same in Nova 31 to 34).
What it does depends on where it is when we delete the row:

- before schedule_and_build_instances has come to the server in its first
  loop: it makes no record, and deletes the allocations and the mapping;
- between the loops: the second one maps the server to the cell, finds no row
  to delete (_delete_build_request), and destroys the record again;
- where scheduling failed: _bury_in_cell0 makes a record in cell0, and
  destroys it again for want of the row;
- where the quota recheck or the provider mapping fails:
  _cleanup_build_artifacts ignores the missing row, and leaves a record, which
  undoing.sweep removes;
- where undoing.undo has destroyed the record before it was mapped: whichever
  of the above the conductor does next to the record that is gone either ends
  its run, or is ignored by it. The run has no other server to build, since we
  withdraw all servers of a request or none.
"""

from __future__ import annotations

import dataclasses
import typing as ty

from oslo_serialization import jsonutils
import sqlalchemy as sa

from nova.db.api import models as api_models
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from openstack_idempotency.sql import transaction

_REQUESTS: ty.Final[sa.Table] = api_models.BuildRequest.__table__
_MAPPINGS: ty.Final[sa.Table] = api_models.InstanceMapping.__table__
# Tables with rows of a server, by its id, that its mapping outlives.
_ROWS: ty.Final[tuple[sa.Table, ...]] = (
    api_models.InstanceGroupMember.__table__,
    api_models.RequestSpec.__table__,
)


#: Nothing is withdrawn; what there is stays.
KEPT: ty.Final = Withdrawn(Fate.TAKEN)


@dataclasses.dataclass(frozen=True)
class Todo:
    """What Nova's API did for a server before its cast.

    :param server: the server's id
    :param attachments: the ids of its volume attachments in Cinder
    """

    server: str
    attachments: tuple[str, ...]

    def dump(self) -> str:
        """Return it as JSON."""
        return jsonutils.dumps(dataclasses.asdict(self))

    @classmethod
    def load(cls, text: str) -> ty.Self:
        """Return what :meth:`dump` wrote as text.

        :param text: the JSON
        """
        read = jsonutils.loads(text)
        return cls(read["server"], tuple(read["attachments"]))


def withdraw(
    connection: sa.Connection, servers: ty.Sequence[Resource]
) -> Withdrawn:
    """Take all servers of a request back from the conductor, or none.

    Runs at READ COMMITTED, so that each statement sees what was committed
    before it, and locks no gap. If the fate is Fate.TAKEN the caller has to
    roll back.

    :param connection: the connection of a running transaction on Nova's API
        database that holds the token's row
    :param servers: all servers that the token is bound to
    """
    bound = {server.id: server for server in servers}
    asked = _build_requests(connection, list(bound))
    if any(_taken(connection, one) for one in bound.keys() - asked.keys()):
        return KEPT
    todos = {}
    # In a fixed order, so that two withdrawals cannot deadlock.
    for server in sorted(asked):
        if _delete_build_request(connection, server):
            todo = Todo(server, attachments(asked[server]))
            todos[server] = todo.dump()
        elif _taken(connection, server):
            return KEPT
    _queue_for_deletion(connection, list(todos))
    return Withdrawn(
        Fate.WITHDRAWN if len(todos) == len(bound) else Fate.DELETED,
        tuple((bound[server], todo) for server, todo in todos.items()),
    )


def forget_rows(run: transaction.Runner, server: str) -> None:
    """Delete a server's membership in a group, and its request spec.

    The conductor has the request spec from the cast, and does not need it.

    :param run: runs transactions on Nova's API database
    :param server: the server's id
    :raises errors.Unavailable: the database does not answer
    """

    def forget(connection: sa.Connection) -> None:
        for table in _ROWS:
            # A deletion by anything but existing primary keys locks gaps.
            mine = table.c.instance_uuid == server
            keys = connection.scalars(sa.select(table.c.id).where(mine)).all()
            for key in keys:
                connection.execute(sa.delete(table).where(table.c.id == key))

    run.transaction(forget)


def attachments(mappings: str | None) -> tuple[str, ...]:
    """Return the volume attachments that a BuildRequest names.

    They are read from the JSON text, since Nova's objects refuse a row that an
    API host of a later release has written.

    :param mappings: its column block_device_mappings
    """
    listed = jsonutils.loads(mappings) if mappings else None
    data = "nova_object.data"
    found = (
        one[data].get("attachment_id")
        for one in (listed[data]["objects"] if listed else ())
    )
    return tuple(one for one in found if one)


def _build_requests(
    connection: sa.Connection, servers: ty.Sequence[str]
) -> dict[str, str | None]:
    """Return the block device mappings of the BuildRequests still there."""
    columns = _REQUESTS.c
    query = sa.select(columns.instance_uuid, columns.block_device_mappings)
    there = columns.instance_uuid.in_(servers)
    return {
        row.instance_uuid: row.block_device_mappings
        for row in connection.execute(query.where(there))
    }


def _delete_build_request(connection: sa.Connection, server: str) -> bool:
    # The conductor's own statement (BuildRequest._destroy_in_db), word for
    # word: both lock the index entry first, and the row second. By the primary
    # key we would lock them in the opposite order, and MariaDB would resolve
    # the deadlock by aborting the conductor's transaction, the smaller one;
    # then the server is not built, though we may be unable to withdraw it.
    mine = _REQUESTS.c.instance_uuid == server
    return connection.execute(sa.delete(_REQUESTS).where(mine)).rowcount == 1


def _taken(connection: sa.Connection, server: str) -> bool:
    """Tell whether the conductor deleted a BuildRequest that is missing.

    Before it does so, it names a cell in the mapping, in another transaction.
    If the mapping is missing, too, the conductor has deleted that because a
    user had deleted the row: so it had the cast, and goes on with the others.
    """
    mine = _MAPPINGS.c.instance_uuid == server
    mapping = connection.execute(
        sa.select(_MAPPINGS.c.cell_id).where(mine)
    ).one_or_none()
    return mapping is None or mapping.cell_id is not None


def _queue_for_deletion(
    connection: sa.Connection, servers: ty.Sequence[str]
) -> None:
    # Not deleted: the conductor needs the mapping. Marked like this, it does
    # not count against the quota (InstanceMappingList.get_counts).
    mine = _MAPPINGS.c.instance_uuid.in_(servers)
    keys = connection.scalars(sa.select(_MAPPINGS.c.id).where(mine)).all()
    for key in sorted(keys):
        row = sa.update(_MAPPINGS).where(_MAPPINGS.c.id == key)
        connection.execute(row.values(queued_for_delete=True))
