# SPDX-License-Identifier: Apache-2.0
"""Glance: images that are made, and images that are switched off."""

from __future__ import annotations

import dataclasses
from pathlib import Path
import typing as ty

from chaos.client import Client
from chaos.services.asking import Ask
from chaos.services.asking import Operation
from chaos.services.row import IDEMPOTENCY
from chaos.services.row import Row
from chaos.services.row import Setup
from embedded import config
from embedded import paste
from embedded.services.glance import STORES
from embedded.services.service import Command
from embedded.services.service import script

_FILE: ty.Final = "glance-api.conf"
_PASTE: ty.Final = "glance-api-paste.ini"
_PIPELINES: ty.Final = "composite:api"
_HEADERS: ty.Final = {"Content-Type": "application/json", "Accept": "*/*"}
_NEW: ty.Final[dict[str, ty.Any]] = {
    "name": "new", "disk_format": "raw", "container_format": "bare",
}  # fmt: skip


def _active(ask: Ask, client: Client) -> str:
    """Make an image that has its data; return its id."""
    id_ = _queued(ask, client)
    who = {**client.who, "Content-Type": "application/octet-stream"}
    ask("PUT", f"/v2/images/{id_}/file", b"data", who)
    return id_


def _queued(ask: Ask, client: Client) -> str:
    """Make an image that waits for its data; return its id."""
    who = {**_HEADERS, **client.who}
    body = _NEW | {"name": "given"}
    made: str = ask("POST", "/v2/images", body, who).json["id"]
    return made


_IMAGE: ty.Final = Operation(
    "/v2/images",
    _NEW,
    kind="image",
    named_by="id",
    # An administrator is shown all.
    listing="/v2/images?name=new&owner={caller}",
    many="images",
    headers=_HEADERS,
)
_DEACTIVATE: ty.Final = Operation(
    "/v2/images/{given}/actions/deactivate",
    None,
    kind="image_status",
    named_by="",
    listing="/v2/images/{given}",
    gives=_active,
    only_changes=True,
    headers=_HEADERS,
)
_REFUSED: ty.Final = dataclasses.replace(
    _IMAGE, body=_NEW | {"disk_format": "nonsense"}, refusal=400
)
_NOT_ACTIVE: ty.Final = dataclasses.replace(
    _DEACTIVATE, gives=_queued, refusal=403
)


def _files(setup: Setup) -> ty.Mapping[str, str]:
    log = setup.folder / "service.log"
    return {
        _PASTE: paste.text(
            paste.trusting("glance", _PASTE, _PIPELINES, "context")
        ),
        _FILE: config.render({
            "DEFAULT": {
                "log_file": log,
                "use_stderr": False,
                "enabled_backends": "fs:file",
            },
            "database": setup.database,
            "idempotency": IDEMPOTENCY,
            "paste_deploy": {
                "flavor": "keystone",
                "config_file": setup.folder / _PASTE,
            },
            "glance_store": {"default_backend": "fs"},
            **{
                store: {"filesystem_store_datadir": setup.shared / folder}
                for store, folder in STORES.items()
            },
        }),
    }


def _schema(setup: Setup) -> ty.Sequence[Command]:
    file = str(setup.folder / _FILE)
    return [script("glance-manage", "--config-file", file, "db_sync")]


def _prepare(shared: Path) -> None:
    for folder in STORES.values():
        (shared / folder).mkdir()


GLANCE: ty.Final = Row(
    name="glance",
    application="glance.wsgi.api",
    file=_FILE,
    files=_files,
    environment=lambda setup: {"OS_GLANCE_CONFIG_DIR": str(setup.folder)},
    schema=_schema,
    operations=(
        _IMAGE,
        _DEACTIVATE,
        *[_IMAGE] * 4,
        *[_DEACTIVATE] * 2,
        _REFUSED,
        _NOT_ACTIVE,
    ),
    refused=_REFUSED,
    made={
        _IMAGE.kind: "SELECT owner, id FROM images WHERE name = 'new'",
        _DEACTIVATE.kind: "SELECT owner, owner FROM images"
        " WHERE status = 'deactivated'",
    },
    prepare=_prepare,
)
