# SPDX-License-Identifier: Apache-2.0
"""Puts an engine together from a service's configuration and database."""

from __future__ import annotations

import dataclasses
import typing as ty

from oslo_config import cfg

from openstack_idempotency import opts
from openstack_idempotency import versions
from openstack_idempotency.engine.engine import Engine
from openstack_idempotency.engine.limits import Limits
from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.protocol import digest
from openstack_idempotency.seal import AnswerSealer
from openstack_idempotency.sql import capability
from openstack_idempotency.sql import pool
from openstack_idempotency.sql.connections import Connections
from openstack_idempotency.sql.steps import Settings
from openstack_idempotency.sql.store import SqlTokenStore


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a service keeps its tokens.

    :param database: enginefacade's context manager of the database
    :param options: the name of the option group that names the database
    :param host: the name of this host
    :param sync_command: the command that creates the tables, for messages
    :param turn_off: how to turn client tokens off, for messages
    :param distribution: the name of the distribution that has the service's
        part, None where it is the service itself
    """

    database: ty.Any
    options: str
    host: str
    sync_command: str
    turn_off: str
    distribution: str | None = None


def build(conf: cfg.ConfigOpts, place: Place) -> tuple[Engine, SqlTokenStore]:
    """Return an engine, and its table of tokens.

    :param conf: the service's configuration
    :param place: where the service keeps its tokens
    :raises opts.Misconfigured: the options contradict each other, or do not
        fit the database server; or the versions of the distributions differ
    """
    if place.distribution is not None:
        _check_versions(place.distribution)
    opts.register_opts(conf)
    opts.check(conf, place.turn_off)
    group = conf.idempotency
    secrets = _secrets(conf)
    tokens = store(conf, place)
    parts = Parts.of(
        store=tokens,
        digests=digest.Digests(secrets),
        sealer=AnswerSealer(secrets),
        limits=Limits(
            token_ttl=group.token_ttl,
            wait_timeout=group.wait_timeout,
            max_response_size=group.max_response_size,
            max_waiting=group.max_waiting,
            max_tokens=group.max_tokens,
        ),
        lease=group.lease,
    )
    return Engine(parts), tokens


def _check_versions(distribution: str) -> None:
    try:
        versions.check(distribution)
    except versions.Differ as exc:
        raise opts.Misconfigured(str(exc)) from None


def store(conf: cfg.ConfigOpts, place: Place) -> SqlTokenStore:
    """Return the table of tokens.

    :param conf: the service's configuration, with this group registered
    :param place: where the service keeps its tokens
    :raises opts.Misconfigured: the options do not fit the database server
    """
    group, secrets = conf[place.options], _secrets(conf)
    connections = Connections(
        place.database,
        # As the service's own pool has them; no value means oslo.db's.
        **_given(
            size=group.max_pool_size,
            overflow=group.max_overflow,
            recycle=group.connection_recycle_time,
        ),
        sql_mode=group.mysql_sql_mode,
        # Not every service has it; oslo.config's get() would raise then.
        wsrep_sync_wait=getattr(group, "mysql_wsrep_sync_wait", None),
    )
    settings = Settings(
        lease=conf.idempotency.lease * 1000,
        token_ttl=conf.idempotency.token_ttl * 1000,
        key_ids=tuple(digest.key_id(secret) for secret in secrets),
        host=place.host,
        sync_command=place.sync_command,
    )
    tokens = SqlTokenStore(place.database, settings, connections=connections)
    pool.check(place.options, connections.size)
    try:
        tokens.probe()
    except capability.Unsupported as exc:
        raise opts.Misconfigured(
            f"Client tokens cannot be kept in [{place.options}]: {exc}"
        ) from None
    return tokens


def _given(**settings: int | None) -> dict[str, int]:
    return {name: n for name, n in settings.items() if n is not None}


def _secrets(conf: cfg.ConfigOpts) -> list[bytes]:
    return [secret.encode() for secret in conf.idempotency.secret]
