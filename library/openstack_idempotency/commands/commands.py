# SPDX-License-Identifier: Apache-2.0
"""Puts the commands together, and runs one."""

from __future__ import annotations

import typing as ty

from openstack_idempotency import opts
from openstack_idempotency.commands import db
from openstack_idempotency.commands import listing
from openstack_idempotency.commands import output
from openstack_idempotency.commands import purge
from openstack_idempotency.commands import release
from openstack_idempotency.commands import stats
from openstack_idempotency.commands import upgrade
from openstack_idempotency.commands.service import Service
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import migration

# As a shell has it.
_INTERRUPTED = 130


def add(subparsers: ty.Any) -> None:
    """Add all commands to a parser.

    :param subparsers: what oslo.config gives the handler of a SubCommandOpt
    """
    for command in (db, purge, listing, release, stats, upgrade):
        command.add(subparsers)


def run(service: Service) -> int:
    """Run the command that the service's command line names.

    :param service: the service
    :returns: the exit status
    """
    arguments = service.conf.command
    unusable: int = arguments.unusable
    try:
        status: int = arguments.run(service, arguments)
        return status
    except migration.Unusable as exc:
        why = f"the database cannot be used: {exc}"
    except opts.Misconfigured as exc:
        why = str(exc)
    except errors.Unavailable:
        sync = service.place().sync_command
        why = (
            "the table of client tokens cannot be used; the log says why. "
            f"Where it is missing, run '{sync}'."
        )
    except KeyboardInterrupt:
        return _INTERRUPTED
    output.complain(f"{service.program}: {why}")
    return unusable
