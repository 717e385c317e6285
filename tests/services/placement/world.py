# SPDX-License-Identifier: Apache-2.0
"""Placement, as uWSGI would load it."""

from __future__ import annotations

import functools
import os
import typing as ty
import uuid

from openstack_idempotency.sql import migration
from tests.services import world
from tests.services.base import some
from tests.services.sample import Ask
from tests.services.sample import Sample
from tests.services.sample import Wanted

_CONF = """
[DEFAULT]
use_stderr = false
[api]
auth_strategy = noauth2
[placement_database]
connection = sqlite:///{folder}/placement.sqlite
sqlite_synchronous = false
sync_on_startup = true
"""
NEWEST: ty.Final = {"OpenStack-API-Version": "placement latest"}
VCPU: ty.Final = "VCPU"


@functools.cache
def placement() -> world.World:
    """Return the one of this process."""
    folder = world.folder()
    text = _CONF.format(folder=folder) + world.IDEMPOTENCY
    (folder / "placement.conf").write_text(text)
    os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(folder)
    from openstack_idempotency.services.placement import ADAPTER
    from openstack_idempotency.serving import placement as served

    engine = ADAPTER.database().writer.get_engine()
    migration.db_sync(engine)
    return world.World(
        served.application, ADAPTER, served.CONF, engine, _headers
    )


def _headers(caller: world.Caller) -> dict[str, str]:
    who = {
        "X-Auth-Token": f"{caller.user}:{caller.project}",
        "X-Roles": ",".join(caller.roles),
    }
    if caller.system:
        who["OpenStack-System-Scope"] = "all"
    return who


def provider(ask: Ask) -> str:
    """Make a resource provider; return its id."""
    made: str = ask("POST", "/resource_providers", {"name": some("p")})["uuid"]
    return made


def stocked(ask: Ask) -> str:
    """Make one that has something; return its id."""
    made = provider(ask)
    path = f"/resource_providers/{made}/inventories"
    ask("POST", path, {"resource_class": VCPU, "total": 8})
    return made


def _provider(ask: Ask) -> Wanted:
    name = some("provider")
    return Wanted(
        "/resource_providers", {"name": name}, {"name": f"{name}-2"}
    )


def _class(ask: Ask) -> Wanted:
    name = some("CUSTOM").upper().replace("-", "_")
    return Wanted(
        "/resource_classes", {"name": name}, {"name": f"{name}_2"}
    )


def _inventory(ask: Ask) -> Wanted:
    path = f"/resource_providers/{provider(ask)}/inventories"
    body = {"resource_class": VCPU, "total": 4}
    return Wanted(path, body, body | {"total": 5})


def allocation(provider: str, consumer: str, amount: int) -> ty.Any:
    """Return the body of a POST /allocations."""
    return {
        consumer: {
            "allocations": {provider: {"resources": {VCPU: amount}}},
            "project_id": "a-project",
            "user_id": "a-user",
            "consumer_generation": None,
            "consumer_type": "INSTANCE",
        }
    }


def _allocations(ask: Ask) -> Wanted:
    consumer, from_ = str(uuid.uuid4()), stocked(ask)
    return Wanted(
        "/allocations",
        allocation(from_, consumer, 1),
        allocation(from_, consumer, 2),
    )


def _reshaping(ask: Ask) -> Wanted:
    made = stocked(ask)
    shown = ask("GET", f"/resource_providers/{made}")
    body = {
        "inventories": {
            made: {
                "resource_provider_generation": shown["generation"],
                "inventories": {VCPU: {"total": 16}},
            }
        },
        "allocations": {},
    }
    return Wanted("/reshaper", body, body | {"inventories": {}})


SAMPLES: ty.Final = {
    "/resource_providers": Sample(
        _provider, "INSERT resource_providers", "resource_providers", NEWEST
    ),
    "/resource_classes": Sample(
        _class, "INSERT resource_classes", "resource_classes", NEWEST
    ),
    "/resource_providers/{uuid}/inventories": Sample(
        _inventory, "INSERT inventories", "inventories", NEWEST
    ),
    "/allocations": Sample(
        _allocations,
        "INSERT allocations",
        "allocations",
        NEWEST,
        # It leaves the consumer, and the generation of none is no null.
        refused=409,
    ),
    "/reshaper": Sample(
        _reshaping, "DELETE consumers", "inventories", NEWEST
    ),
}
