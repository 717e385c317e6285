# SPDX-License-Identifier: Apache-2.0
"""The command openstack-idempotency, for the services with an adapter."""

from __future__ import annotations

import argparse
import functools
import sys
import typing as ty
import warnings

from oslo_config import cfg
import sqlalchemy as sa

from openstack_idempotency import opts
from openstack_idempotency.commands import commands
from openstack_idempotency.commands import output
from openstack_idempotency.commands.service import Service
from openstack_idempotency.middleware import adapter as adapters
from openstack_idempotency.middleware.adapter import Adapter
from openstack_idempotency.middleware.filter import place
from openstack_idempotency.sql.migration import Unusable
from openstack_idempotency.sql.opening import opened

PROGRAM: ty.Final = "openstack-idempotency"
# Where nobody has set an option, whatever its value is.
_UNSET: ty.Final = (cfg.Locations.opt_default, cfg.Locations.set_default)


def main(argv: ty.Sequence[str] | None = None) -> int:
    """Run the command, with the configuration files of a service.

    :param argv: the command line, without the program's name
    :returns: the exit status
    """
    if not sys.warnoptions:
        # Services' imports warn their developers, of Eventlet for one.
        warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(
        usage=f"{PROGRAM} --service NAME COMMAND ...", add_help=False
    )
    parser.add_argument("--service", required=True, metavar="NAME")
    arguments = sys.argv[1:] if argv is None else [*argv]
    chosen, others = parser.parse_known_args(arguments)
    try:
        adapter = adapters.load(chosen.service)
        conf = adapter.conf()
        conf.register_cli_opt(
            cfg.SubCommandOpt(
                "command",
                handler=functools.partial(_add, chosen.service),
                title="commands",
            )
        )
        opts.register_opts(conf)
        commands.give_up_soon(conf, adapter.options)
        adapter.load(conf, others)
    except (adapters.Unknown, cfg.Error, ImportError) as exc:
        output.complain(f"{PROGRAM}: {exc}")
        return commands.UNCONFIGURED
    commands.log_as(adapter.name, conf)
    return commands.run(_service(adapter, conf))


class _Subparsers:
    """Lets usage lines show the service, which another parser has read.

    :param service: its name
    :param subparsers: where commands are added
    """

    def __init__(self, service: str, subparsers: ty.Any) -> None:
        self._program = f"{PROGRAM} --service {service}"
        self._subparsers = subparsers

    def add_parser(self, name: str, **given: ty.Any) -> ty.Any:
        """Add a command; see argparse."""
        prog = f"{self._program} {name}"
        return self._subparsers.add_parser(name, prog=prog, **given)


def _add(service: str, subparsers: ty.Any) -> None:
    commands.add(_Subparsers(service, subparsers))


def _engine(adapter: Adapter, conf: cfg.ConfigOpts, check: str) -> sa.Engine:
    """Return the engine of a service's database.

    :raises Unusable: nobody has said which one it is: some services take a
        file of SQLite then, and our tables would be made there
    """
    found = conf.get_location("connection", adapter.options)
    if found is None or found.location in _UNSET:
        raise Unusable(f"no connection is configured.\n{check}")
    engine: sa.Engine = adapter.database().writer.get_engine()
    return engine


def _service(adapter: Adapter, conf: cfg.ConfigOpts) -> Service:
    check = (
        f"Check [{adapter.options}] connection in {adapter.name}'s "
        "configuration, or name the file with --config-file."
    )
    return Service(
        name=adapter.name,
        program=PROGRAM,
        conf=conf,
        place=functools.partial(place, adapter),
        opened=functools.partial(
            opened, functools.partial(_engine, adapter, conf, check), check
        ),
        kinds=adapter.kinds,
        # Its pipeline is the WSGI server's; it is not known here.
        turned_on=lambda: None,
    )
