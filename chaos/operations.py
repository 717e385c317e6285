# SPDX-License-Identifier: Apache-2.0
"""What the clients of a campaign ask of Nova, and how often each of it."""

from __future__ import annotations

import dataclasses
import typing as ty

from chaos.client import KEYPAIR
from chaos.client import Operation
from chaos.client import SERVER
from chaos.configuration import GROUP_MEMBERS


def _servers(count: int, **fields: ty.Any) -> Operation:
    body = {"server": {**SERVER.body["server"], "min_count": count}}
    return dataclasses.replace(SERVER, body=body, count=count, **fields)


def _refused(operation: Operation, **fields: ty.Any) -> Operation:
    body = {operation.kind: {**operation.body[operation.kind], **fields}}
    return dataclasses.replace(operation, body=body, refusal=400)


def _over_quota(operation: Operation, resource: str) -> Operation:
    return dataclasses.replace(operation, quota=resource, refusal=403)


GROUP = Operation(
    "/v2.1/os-server-groups",
    {"server_group": {"name": "group", "policy": "affinity"}},
    "server_group",
    "id",
)
# Nova counts a group's members after it has committed each of them.
GROUPED = _servers(GROUP_MEMBERS, grouped=True)
TOO_MANY_FOR_A_GROUP = _servers(GROUP_MEMBERS + 1, grouped=True, refusal=403)


def _weigh(weight: int, *operations: Operation) -> list[Operation]:
    return [operation for operation in operations for _ in range(weight)]


#: Each as often as it is asked for.
DICE: ty.Final = [
    *_weigh(8, SERVER),
    *_weigh(2, _servers(2), _servers(3), GROUPED, KEYPAIR),
    *_weigh(1, GROUP, TOO_MANY_FOR_A_GROUP),
    *_weigh(
        1,
        _refused(SERVER, name=1),
        _refused(SERVER, flavorRef="no such flavor"),
        _refused(KEYPAIR, type="nonsense"),
        _over_quota(SERVER, "instances"),
        _over_quota(KEYPAIR, "key_pairs"),
        _over_quota(GROUP, "server_groups"),
    ),
]
