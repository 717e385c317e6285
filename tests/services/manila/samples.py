# SPDX-License-Identifier: Apache-2.0
"""A request for each operation of the page's adapter."""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa

from tests.services.base import some
from tests.services.manila import world
from tests.services.sample import Ask
from tests.services.sample import Sample
from tests.services.sample import Wanted

NEWEST: ty.Final = {"X-OpenStack-Manila-API-Version": "2.65"}


def _named(path: str, key: str, **more: ty.Any) -> Wanted:
    body = {"name": some(key), **more}
    other = {**body, "name": some(key)}
    return Wanted(path, {key: body}, {key: other})


def _type(ask: Ask) -> Wanted:
    specs = {"driver_handles_share_servers": False, "snapshot_support": True}
    return _named("/types", "share_type", extra_specs=specs)


def _share(ask: Ask) -> Wanted:
    wanted = _type(ask)
    made = ask("POST", wanted.path, wanted.body)["share_type"]["id"]
    return _named(
        "/shares", "share", size=1, share_proto="NFS", share_type=made
    )


def _snapshot(ask: Ask) -> Wanted:
    wanted = _share(ask)
    made = ask("POST", wanted.path, wanted.body)["share"]["id"]
    _provide(made)
    return _named("/snapshots", "snapshot", share_id=made)


def _provide(share: str) -> None:
    """Do to a share what Manila's scheduler and share service would do."""
    from manila.db.sqlalchemy import models

    instances = models.ShareInstance
    with world.manila().engine.begin() as connection:
        connection.execute(
            sa.update(instances)
            .where(instances.share_id == share)
            .values(status="available", host="host@backend#pool")
        )


def _network(ask: Ask) -> Wanted:
    return _named("/share-networks", "share_network")


def _security(ask: Ask) -> Wanted:
    return _named("/security-services", "security_service", type="ldap")


def _sample(given: ty.Any, table: str, **more: ty.Any) -> Sample:
    return Sample(given, f"INSERT {table}", table, NEWEST, **more)


SAMPLES: ty.Final = {
    # These are committed before what belongs to them.
    "/shares": _sample(_share, "shares", unfinished=True),
    "/share-networks": _sample(_network, "share_networks", unfinished=True),
    "/types": _sample(_type, "share_types"),
    "/snapshots": _sample(_snapshot, "share_snapshots"),
    "/security-services": _sample(_security, "security_services"),
}
