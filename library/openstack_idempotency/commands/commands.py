# SPDX-License-Identifier: Apache-2.0
"""Puts the commands together, and runs one."""

from __future__ import annotations

import contextlib
import os
import sys
import typing as ty

from oslo_config import cfg
from oslo_log import log as logging

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
from openstack_idempotency.sql import opening

LOG = logging.getLogger(__name__)

#: The status where the configuration cannot be read, as nova-manage's is.
UNCONFIGURED = 2
# As a shell has them: of SIGINT, and of SIGPIPE.
_INTERRUPTED = 130
_HUNG_UP = 141
# As nova-manage's. Python's own, 1, would say that a purge deleted something.
_UNFORESEEN = 255


def add(subparsers: ty.Any) -> None:
    """Add all commands to a parser.

    :param subparsers: what oslo.config gives the handler of a SubCommandOpt
    """
    for command in (db, purge, listing, release, stats, upgrade):
        command.add(subparsers)


def give_up_soon(conf: cfg.ConfigOpts, group: str) -> None:
    """Let commands say within seconds that a database is out of reach.

    oslo.db tries for more than a minute and a half, for services that start
    before their database does. What an operator has set counts more.

    :param conf: the service's configuration
    :param group: the option group that names the database
    """
    # A service may register its options later: then it waits as it does.
    with contextlib.suppress(cfg.NoSuchOptError, cfg.NoSuchGroupError):
        conf.set_default("max_retries", 0, group=group)
    opening.give_up_soon()


def log_as(service: str, conf: cfg.ConfigOpts) -> None:
    """Log as a service does, and never among what a program reads.

    :param service: the service's name
    :param conf: its configuration
    """
    # Where it names no log file, logs go to the terminal, too.
    conf.set_default("use_stderr", True)
    levels = [
        *logging.get_default_log_levels(),
        "alembic=WARN",
        # It logs each error at length; the command says what to do.
        "oslo_db.sqlalchemy.exc_filters=CRITICAL",
    ]
    logging.set_defaults(default_log_levels=levels)
    logging.setup(conf, service)


def run(service: Service) -> int:
    """Run the command that the service's command line names.

    :param service: the service
    :returns: the exit status
    """
    try:
        status = _run(service)
        print(end="", flush=True)  # noqa: T201 - it may be closed
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Who reads the output has seen enough. Nothing is left to say, and
        # what is still in the buffer must not fail when the process ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        return _HUNG_UP
    except Exception:
        LOG.exception("%s has failed", service.program)
        return _UNFORESEEN
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
