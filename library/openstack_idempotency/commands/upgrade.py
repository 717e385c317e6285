# SPDX-License-Identifier: Apache-2.0
"""The command that checks a deployment, in the manner of nova-status."""

from __future__ import annotations

import functools
import typing as ty

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck
from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result

from openstack_idempotency import opts
from openstack_idempotency.commands.service import Service
from openstack_idempotency.protocol import errors
from openstack_idempotency.sql import capability
from openstack_idempotency.sql import migration

Check = ty.Callable[[Service], Result]


def add(subparsers: ty.Any) -> None:
    """Add ``upgrade check``.

    :param subparsers: the program's
    """
    checks = subparsers.add_parser(
        "upgrade", help="Check the deployment."
    ).add_subparsers(required=True, metavar="{check}")
    parser = checks.add_parser("check", help="Run all checks.")
    parser.set_defaults(run=_check, unusable=Code.FAILURE)
    parser.add_argument("--json", action="store_true", help="Print JSON.")


def _check(service: Service, arguments: ty.Any) -> int:
    commands = upgradecheck.UpgradeCommands()
    commands._upgrade_checks = tuple(
        (name, functools.partial(_judged, check, service))
        for name, check in _CHECKS
    )
    # Where it looks for --json.
    upgradecheck.CONF = service.conf
    return int(commands.check())


def _judged(check: Check, service: Service, commands: ty.Any) -> Result:
    try:
        return check(service)
    except migration.Unusable as exc:
        return Result(Code.FAILURE, str(exc))
    except errors.Unavailable:
        text = f"The tables cannot be read. {_sync(service)}"
        return Result(Code.FAILURE, text)
    except (opts.Misconfigured, cfg.Error) as exc:
        return Result(Code.FAILURE, str(exc))


def _sync(service: Service) -> str:
    return f"Run '{service.place().sync_command}'."


def _server(service: Service) -> Result:
    with service.opened() as engine, engine.connect() as connection:
        try:
            capability.check(connection)
        except capability.Unsupported as exc:
            return Result(Code.FAILURE, str(exc))
    return Result(Code.SUCCESS)


def _tables(service: Service) -> Result:
    with service.opened() as engine:
        version = migration.db_version(engine)
    newest = migration.newest()
    if version == newest:
        return Result(Code.SUCCESS)
    return Result(
        Code.FAILURE,
        f"The tables are at version {version}, the newest is {newest}. "
        f"{_sync(service)}",
    )


def _options(service: Service) -> Result:
    opts.check(service.conf, service.place().turn_off)
    return Result(Code.SUCCESS)


def _turned_on(service: Service) -> Result:
    match service.turned_on():
        case True:
            return Result(Code.SUCCESS)
        case False:
            text = "The API of this host does not take client tokens."
        case None:
            text = "It cannot be found out here whether the API takes tokens."
    return Result(Code.WARNING, text)


def _hosts(service: Service) -> Result:
    if not service.conf.idempotency.secret:
        return Result(Code.FAILURE, "[idempotency] secret is not set.")
    with service.tokens() as tokens:
        found, known = tokens.keys_by_host(), tokens.key_ids
    strange = [f"{host} ({key})" for host, key in found if key not in known]
    if strange:
        return Result(
            Code.FAILURE,
            "These hosts wrote tokens with a secret that is not listed here: "
            f"{', '.join(strange)}. This host lists {', '.join(known)}. Give "
            "all API hosts the same secrets.",
        )
    if len({key for _, key in found}) > 1:
        hosts = ", ".join(f"{host} ({key})" for host, key in found)
        return Result(
            Code.WARNING,
            f"Hosts wrote with different first secrets: {hosts}. While a "
            "secret is rotated that is as it should be.",
        )
    return Result(Code.SUCCESS)


def _living(service: Service) -> Result:
    if not service.conf.idempotency.secret:
        return Result(Code.FAILURE, "[idempotency] secret is not set.")
    with service.tokens() as tokens:
        foreign = tokens.foreign()
    if not foreign:
        return Result(Code.SUCCESS)
    told = ", ".join(f"{number} of {key}" for key, number in foreign.items())
    return Result(
        Code.FAILURE,
        f"Tokens that still live need secrets that are not listed: {told}. "
        "Their retries run again. List these secrets until the tokens have "
        "expired.",
    )


_CHECKS: ty.Final[tuple[tuple[str, Check], ...]] = (
    ("Database server", _server),
    ("Tables", _tables),
    ("Options", _options),
    ("Client tokens turned on", _turned_on),
    ("Secrets of the hosts", _hosts),
    ("Living tokens", _living),
)
