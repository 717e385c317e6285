# SPDX-License-Identifier: Apache-2.0
"""Cinder's API: volumes that are made, and volumes that are reserved.

Nobody takes what it casts, so that volumes stay as the API has left them.
"""

from __future__ import annotations

import dataclasses
import typing as ty

from chaos.client import Client
from chaos.services.asking import Ask
from chaos.services.asking import JSON
from chaos.services.asking import Operation
from chaos.services.row import IDEMPOTENCY
from chaos.services.row import Row
from chaos.services.row import Setup
from embedded import config
from embedded import paste
from embedded.services.service import Command
from embedded.services.service import script

_FILE: ty.Final = "cinder.conf"
_PASTE: ty.Final = "api-paste.ini"
_PIPELINES: ty.Final = "composite:openstack_volume_api_v3"
_VOLUMES: ty.Final = "/v3/volumes"
_HEADERS: ty.Final = {**JSON, "OpenStack-API-Version": "volume 3.70"}


def _made(ask: Ask, client: Client) -> str:
    """Make a volume that nobody goes on with; return its id."""
    body = {"volume": {"size": 1, "name": "given"}}
    made: str = ask("POST", _VOLUMES, body, client.who).json["volume"]["id"]
    return made


def _available(ask: Ask, client: Client) -> str:
    """Make a volume that can be reserved; return its id."""
    made = _made(ask, client)
    body = {"os-reset_status": {"status": "available"}}
    ask("POST", f"{_VOLUMES}/{made}/action", body, client.who)
    return made


def _nothing_left(ask: Ask, client: Client) -> str:
    """Let the caller's project have no volume; return its id."""
    limit = {"quota_set": {"volumes": 0}}
    ask("PUT", f"/v3/os-quota-sets/{client.caller}", limit, client.who)
    return client.caller


_NEW: ty.Final = Operation(
    _VOLUMES,
    {"volume": {"size": 1, "name": "new"}},
    kind="volume",
    named_by="id",
    inside="volume",
    listing=f"{_VOLUMES}?name=new",
    many="volumes",
)
_RESERVE: ty.Final = Operation(
    f"{_VOLUMES}/{{given}}/action",
    {"os-reserve": {}},
    kind="volume_change",
    named_by="",
    listing=f"{_VOLUMES}/{{given}}",
    gives=_available,
    only_changes=True,
)
# Its name can be another's no more, and each key is a row of its own.
_QOS: ty.Final = Operation(
    "/v3/qos-specs",
    {"qos_specs": {"name": "{caller}", "consumer": "back-end", "of": "test"}},
    kind="qos_specs",
    named_by="id",
    inside="qos_specs",
    listing="/v3/qos-specs?name={caller}",
    many="qos_specs",
)
# Volume types would do as well, but each makes all that has a quota slower.
_GROUP_TYPE: ty.Final = Operation(
    "/v3/group_types",
    {"group_type": {"name": "{caller}", "group_specs": {"of": "test"}}},
    kind="group_type",
    named_by="id",
    inside="group_type",
    listing="/v3/group_types",
    many="group_types",
    headers=_HEADERS,
)
_REFUSED: ty.Final = dataclasses.replace(
    _NEW, body={"volume": {"size": "none"}}, refusal=400
)
_TOO_MANY: ty.Final = dataclasses.replace(
    _NEW, gives=_nothing_left, refusal=413
)
_NOT_AVAILABLE: ty.Final = dataclasses.replace(
    _RESERVE, gives=_made, refusal=400
)


def _files(setup: Setup) -> ty.Mapping[str, str]:
    return {
        _PASTE: paste.text(
            # Cinder raises what it does not expect: that is to be an answer.
            paste.trusting(
                "cinder", _PASTE, _PIPELINES, "keystonecontext", "faultwrap"
            )
        ),
        _FILE: config.render({
            "DEFAULT": {
                "log_file": setup.folder / "service.log",
                "use_stderr": False,
                "transport_url": "fake:/",
                "state_path": setup.folder,
                "api_paste_config": setup.folder / _PASTE,
                "default_volume_type": "__DEFAULT__",
                # No other service is there that would say where it is.
                "allow_availability_zone_fallback": True,
                # A worker that dies leaves what it had reserved.
                "use_default_quota_class": False,
                "quota_volumes": -1,
                "quota_gigabytes": -1,
            },
            "coordination": {"backend_url": f"file://{setup.shared}/locks"},
            "oslo_concurrency": {"lock_path": setup.folder / "locks"},
            "oslo_messaging_notifications": {"driver": "noop"},
            "database": setup.database,
            "idempotency": IDEMPOTENCY,
        }),
    }


def _schema(setup: Setup) -> ty.Sequence[Command]:
    file = str(setup.folder / _FILE)
    return [script("cinder-manage", "--config-file", file, "db", "sync")]


CINDER: ty.Final = Row(
    name="cinder",
    application="chaos.services.cinder_api",
    file=_FILE,
    files=_files,
    environment=lambda setup: {"CHAOS_CINDER_FILE": str(setup.folder / _FILE)},
    schema=_schema,
    operations=(
        _NEW,
        _RESERVE,
        *[_NEW] * 3,
        *[_QOS] * 2,
        _GROUP_TYPE,
        *[_RESERVE] * 2,
        _REFUSED,
        _TOO_MANY,
        _NOT_AVAILABLE,
    ),
    refused=_REFUSED,
    made={
        # What Cinder deletes stays, and says so.
        _NEW.kind: "SELECT project_id, id FROM volumes"
        " WHERE display_name = 'new' AND NOT deleted",
        _RESERVE.kind: "SELECT project_id, project_id FROM volumes"
        " WHERE status = 'attaching' AND NOT deleted",
        _QOS.kind: "SELECT value, id FROM quality_of_service_specs"
        " WHERE specs_id IS NULL AND NOT deleted",
        _GROUP_TYPE.kind: "SELECT name, id FROM group_types"
        " WHERE length(name) = 32 AND NOT deleted",
    },
)
