# SPDX-License-Identifier: Apache-2.0
"""Puts the commands together, and runs one."""

from __future__ import annotations

import os
import sys
import typing as ty

from oslo_config import cfg

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

# As a shell has them: of SIGINT, and of SIGPIPE.
_INTERRUPTED = 130
_HUNG_UP = 141


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
    try:
        status = _run(service)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Who reads the output has seen enough. Nothing is left to say, and
        # what is still in the buffer must not fail when the process ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        return _HUNG_UP
    return status


def _run(service: Service) -> int:
    arguments = service.conf.command
    unusable: int = arguments.unusable
    try:
        status: int = arguments.run(service, arguments)
        return status
    except migration.Unusable as exc:
        why = f"the database cannot be used: {exc}"
    except (opts.Misconfigured, cfg.Error) as exc:
        why = str(exc)
    except errors.Unavailable:
        sync = service.place().sync_command
        why = (
            "the table of client tokens cannot be used; the log says why. "
            f"Where it is missing, run '{sync}'."
        )
    output.complain(f"{service.program}: {why}")
    return unusable
