# SPDX-License-Identifier: Apache-2.0
"""Placement: providers, and what consumers have allocated of them."""

from __future__ import annotations

import dataclasses
import typing as ty
import uuid

from chaos.client import Client
from chaos.services.asking import Ask
from chaos.services.asking import Operation
from chaos.services.row import IDEMPOTENCY
from chaos.services.row import Row
from chaos.services.row import Setup
from embedded import config
from embedded.services.service import Command
from embedded.services.service import script

_FILE: ty.Final = "placement.conf"
_VCPU: ty.Final = "VCPU"
_HEADERS: ty.Final = {
    "Content-Type": "application/json",
    "OpenStack-API-Version": "placement 1.39",
}


def _by_token(client: Client) -> Client:
    """Return a caller whose token says who it is, without a secret."""
    who = {
        "X-Auth-Token": f"{client.caller}:{client.caller}",
        "X-Roles": "admin,service,member,reader",
    }
    return dataclasses.replace(client, who=who)


def _believed(ask: Ask) -> ty.Callable[[Client], Client]:
    return _by_token


def _allocations(caller: str, provider: str, amount: int) -> ty.Any:
    """Return what is the same in all bodies that allocate."""
    return {
        "allocations": {provider: {"resources": {_VCPU: amount}}},
        "project_id": caller,
        "user_id": caller,
        "consumer_type": "INSTANCE",
    }


def _allocated(ask: Ask, client: Client) -> str:
    """Make a provider that a consumer has something of, with its id."""
    made = str(uuid.uuid4())
    who = {**_HEADERS, **client.who}
    body = {"name": f"given {made}", "uuid": made}
    ask("POST", "/resource_providers", body, who)
    stock = {"resource_class": _VCPU, "total": 8}
    ask("POST", f"/resource_providers/{made}/inventories", stock, who)
    first = _allocations(client.caller, made, 1) | {
        "consumer_generation": None
    }
    ask("PUT", f"/allocations/{made}", first, who)
    return made


_PROVIDER: ty.Final = Operation(
    "/resource_providers",
    {"name": "{caller}"},
    kind="resource_provider",
    named_by="uuid",
    listing="/resource_providers?name={caller}",
    many="resource_providers",
    headers=_HEADERS,
)
# It has allocations already: Placement commits a new consumer before them.
_ALLOCATIONS: ty.Final = Operation(
    "/allocations",
    {
        "{given}": _allocations("{caller}", "{given}", 2)
        | {"consumer_generation": 1}
    },
    kind="allocation",
    named_by="",
    listing="/allocations/{given}",
    gives=_allocated,
    only_changes=True,
    headers=_HEADERS,
)
_REFUSED: ty.Final = dataclasses.replace(_PROVIDER, body={}, refusal=400)
# Another one has changed it meanwhile.
_CONFLICT: ty.Final = dataclasses.replace(
    _ALLOCATIONS,
    body={
        "{given}": _allocations("{caller}", "{given}", 2)
        | {"consumer_generation": 7}
    },
    refusal=409,
)


def _files(setup: Setup) -> ty.Mapping[str, str]:
    log = setup.folder / "service.log"
    return {
        _FILE: config.render({
            "DEFAULT": {"log_file": log, "use_stderr": False},
            "api": {"auth_strategy": "noauth2"},
            "placement_database": setup.database,
            "idempotency": IDEMPOTENCY,
        })
    }


def _schema(setup: Setup) -> ty.Sequence[Command]:
    file = str(setup.folder / _FILE)
    return [script("placement-manage", "--config-file", file, "db", "sync")]


# Each consumer was given its first generation with what it had.
_CHANGED: ty.Final = (
    "SELECT p.external_id, p.external_id FROM consumers c"
    " JOIN projects p ON p.id = c.project_id WHERE c.generation >= {}"
)

PLACEMENT: ty.Final = Row(
    name="placement",
    application="openstack_idempotency.serving.placement",
    file=_FILE,
    files=_files,
    environment=lambda setup: {"OS_PLACEMENT_CONFIG_DIR": str(setup.folder)},
    schema=_schema,
    operations=(
        _PROVIDER,
        _ALLOCATIONS,
        *[_PROVIDER, _ALLOCATIONS] * 3,
        _REFUSED,
        _CONFLICT,
    ),
    refused=_REFUSED,
    made={
        _PROVIDER.kind: "SELECT name, uuid FROM resource_providers"
        " WHERE name NOT LIKE 'given%'",
        # Changed twice, it is there twice.
        _ALLOCATIONS.kind: " UNION ALL ".join(
            _CHANGED.format(generation) for generation in (2, 3)
        ),
    },
    who=_believed,
)
