# SPDX-License-Identifier: Apache-2.0
"""Undoes what Nova did for servers that were withdrawn (section 5).

It undoes what Nova's API did before the cast, and no more: volumes are never
deleted, and the instance mapping stays, since the conductor needs it. All
steps are safe to run again.
"""

from __future__ import annotations

import contextlib
import typing as ty

from cinderclient import exceptions as cinder_exc
from keystoneauth1 import exceptions as keystone_exc
from oslo_db import exception as db_exc
from oslo_log import log as logging

from nova import context as nova_context
from nova import exception
from nova import objects
from nova import rpc
from nova.compute import utils as compute_utils
from nova.db.idempotency import withdrawal
from nova.db.idempotency.withdrawal import Todo
from nova.scheduler.client import report
from nova.volume import cinder
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import transaction

LOG = logging.getLogger(__name__)

# What is raised for a cell whose database is out of reach.
_AWAY = (
    db_exc.DBConnectionError,
    db_exc.CantStartEngineError,
    exception.CellTimeout,
)
# Seconds that a cell may take: the client of the retry waits.
_CELL_TIMEOUT = 10

# Not all errors: programming errors must stay visible.
_DOES_NOT_ANSWER = (
    exception.NovaException,
    cinder_exc.ClientException,
    keystone_exc.ClientException,
    *transaction.FAULTS,
)


def undo(context: ty.Any, run: transaction.Runner, todo: str) -> None:
    """Undo what was done for one server; safe to call again.

    :param context: the context of a caller with the first one's roles
    :param run: runs transactions on Nova's API database
    :param todo: what must be undone, from :func:`withdrawal.withdraw`
    :raises errors.Unavailable: Cinder, placement or a database does not
        answer; what is left must be undone later
    """
    left = Todo.load(todo)
    with _answering():
        withdrawal.forget_rows(run, left.server)
        for step in _STEPS:
            step(context, left)


def sweep(context: ty.Any, servers: ty.Collection[str]) -> frozenset[str]:
    """Remove what the conductor has made for withdrawn servers nevertheless.

    :param context: any context
    :param servers: the ids of servers that were withdrawn and undone
    :returns: those of which nothing is left and nothing more will come, so
        that they need no further sweep
    :raises errors.Unavailable: the API database does not answer
    """
    admin = context.elevated()
    with _answering():
        mappings = objects.InstanceMappingList.get_by_instance_uuids(
            admin, list(servers)
        )
        cells = objects.CellMappingList.get_all(admin)
    # If the conductor finds the row missing before it has made a record, it
    # deletes the mapping, and makes none.
    settled = set(servers) - {one.instance_uuid for one in mappings}
    # The withdrawal marked them: other servers, named by mistake, are safe.
    withdrawn = [one for one in mappings if one.queued_for_delete]
    for cell in cells:
        # One that does not answer must not hold up the others.
        with contextlib.suppress(errors.Unavailable), _answering():
            settled |= _sweep_cell(admin, cell, withdrawn)
    return frozenset(settled)


def _sweep_cell(
    context: ty.Any, cell: ty.Any, mappings: ty.Iterable[ty.Any]
) -> set[str]:
    mapped = set()
    unmapped = set()
    for mapping in mappings:
        if mapping.cell_mapping is None:
            # The conductor may be between its loops, or may have died there.
            unmapped.add(mapping.instance_uuid)
        elif mapping.cell_mapping.uuid == cell.uuid:
            mapped.add(mapping.instance_uuid)
    removed = _remove(context, cell, mapped | unmapped)
    for server in mapped:
        # The scheduler may have claimed them after undo() had freed them; the
        # conductor keeps them if it does not know the host's cell.
        _free(context, server)
    # Only a sweep that finds nothing is the last: the conductor writes more
    # after the mapping.
    return mapped - removed


def _destroy_record(context: ty.Any, left: Todo) -> None:
    """Destroy the record that the conductor may have made in a cell.

    Between its loops it counts against the user's quota, and the mapping
    does not name the cell yet; so each cell is asked.
    """
    admin = context.elevated()
    # All at once, and none for long: a cell that does not answer must not keep
    # the retry waiting; a sweep gets to it later.
    answers = nova_context.scatter_gather_cells(
        admin,
        objects.CellMappingList.get_all(admin),
        _CELL_TIMEOUT,
        _remove_there,
        {left.server},
    )
    for answer in answers.values():
        if isinstance(answer, Exception) and not isinstance(answer, _AWAY):
            raise answer
        if nova_context.is_cell_failure_sentinel(answer):
            LOG.warning(
                "A cell did not respond; if the conductor created a record of "
                "withdrawn server %s there, it will be removed later.",
                left.server,
            )


def _free_allocations(context: ty.Any, left: Todo) -> None:
    """Delete the allocations that the scheduler may have made."""
    _free(context, left.server)


def _detach_volumes(context: ty.Any, left: Todo) -> None:
    """Delete the attachments, which reserve volumes: not the volumes."""
    volumes = cinder.API()
    for attachment in left.attachments:
        with contextlib.suppress(exception.VolumeAttachmentNotFound):
            volumes.attachment_delete(context, attachment)


# Other services come last, since they may not answer: by then the quota is
# free again.
_STEPS: tuple[ty.Callable[[ty.Any, Todo], None], ...] = (
    _destroy_record,
    _free_allocations,
    _detach_volumes,
)


def _remove(
    context: ty.Any, cell: ty.Any, servers: ty.Collection[str]
) -> set[str]:
    """Remove the records of withdrawn servers from a cell.

    Not by Nova's API: it would delete volumes with delete_on_termination.

    :returns: of which servers there was something
    """
    if not servers:
        return set()
    with nova_context.target_cell(context, cell) as targeted:
        return _remove_there(targeted, servers)


def _remove_there(targeted: ty.Any, servers: ty.Collection[str]) -> set[str]:
    living = {"uuid": list(servers), "deleted": False}
    records = objects.InstanceList.get_by_filters(targeted, living)
    # None should have a host: the conductor asks one only after it has
    # deleted the BuildRequest.
    hosted = {record.uuid for record in records if record.host}
    for record in records:
        if not record.host:
            _destroy(targeted, record)
    # The conductor may have written mappings for a record that was already
    # gone; Nova would take them for those of the volume's next server.
    mappings = objects.BlockDeviceMappingList.get_by_instance_uuids(
        targeted, list(set(servers) - hosted)
    )
    for mapping in mappings:
        mapping.destroy()
    return {one.uuid for one in records} | {
        one.instance_uuid for one in mappings
    }


def _destroy(context: ty.Any, record: ty.Any) -> None:
    notified = compute_utils.notify_about_instance_delete(
        rpc.get_notifier("api"), context, record
    )
    with contextlib.suppress(exception.InstanceNotFound), notified:
        record.destroy()
    LOG.info("Removed the record of withdrawn server %s.", record.uuid)


def _free(context: ty.Any, server: str) -> None:
    client = report.report_client_singleton()
    done = client.delete_allocation_for_instance(context, server, force=True)
    if done is None:  # how Nova reports a failed connection
        raise errors.Unavailable


@contextlib.contextmanager
def _answering() -> ty.Iterator[None]:
    """Report that another service, or a database, does not answer."""
    try:
        yield
    except _DOES_NOT_ANSWER as exc:
        # Only the error's type: its text may contain a statement's values.
        LOG.warning(
            "Could not undo yet what was done for withdrawn servers (%s); "
            "will try again.",
            type(exc).__name__,
        )
        raise errors.Unavailable from exc
