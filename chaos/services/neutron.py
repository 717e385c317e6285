# SPDX-License-Identifier: Apache-2.0
"""Neutron with ML2: networks, their ports, and their tags."""

from __future__ import annotations

import dataclasses
import sys
import typing as ty

import sqlalchemy as sa

from chaos.client import Client
from chaos.services.asking import Ask
from chaos.services.asking import Operation
from chaos.services.row import IDEMPOTENCY
from chaos.services.row import Row
from chaos.services.row import Setup
from embedded import config
from embedded import paste
from embedded.services.neutron import BINDING
from embedded.services.neutron import NEUTRON as EMBEDDED
from embedded.services.service import Command
from embedded.services.service import script

_FILE: ty.Final = "neutron.conf"
_PASTE: ty.Final = "api-paste.ini"
_PIPELINES: ty.Final = "composite:neutronapi_v2_0"
_NETWORKS: ty.Final = "/v2.0/networks"
# An administrator is shown all.
_MINE: ty.Final = "project_id={caller}"


def _network(ask: Ask, client: Client) -> str:
    """Make a network; return its id."""
    body = {"network": {"name": "given"}}
    made: str = ask("POST", _NETWORKS, body, client.who).json["network"]["id"]
    return made


_NEW: ty.Final = Operation(
    _NETWORKS,
    {"network": {"name": "new"}},
    kind="network",
    named_by="id",
    inside="network",
    listing=f"{_NETWORKS}?name=new&{_MINE}",
    many="networks",
)
_TAGS: ty.Final = Operation(
    f"{_NETWORKS}/{{given}}/tags",
    {"tags": ["one", "two"]},
    kind="tags",
    named_by="",
    listing=f"{_NETWORKS}/{{given}}/tags",
    gives=_network,
    only_changes=True,
)
_PORT: ty.Final = Operation(
    "/v2.0/ports",
    {"port": {"network_id": "{given}", "name": "new"}},
    kind="port",
    named_by="id",
    inside="port",
    listing=f"/v2.0/ports?name=new&{_MINE}",
    many="ports",
    gives=_network,
)
_REFUSED: ty.Final = dataclasses.replace(
    _NEW, body={"network": {"name": 1}}, refusal=400
)
# Within the quota's transaction.
_NO_NETWORK: ty.Final = dataclasses.replace(
    _PORT,
    body={"port": {"network_id": "11111111-1111-1111-1111-111111111111"}},
    gives=None,
    refusal=404,
)


def _files(setup: Setup) -> ty.Mapping[str, str]:
    return {
        _PASTE: paste.text(
            paste.trusting("neutron", _PASTE, _PIPELINES, "keystonecontext")
        ),
        _FILE: config.render({
            "DEFAULT": {
                "log_file": setup.folder / "service.log",
                "use_stderr": False,
                "core_plugin": "ml2",
                "service_plugins": "revisions,tag,timestamp",
                "transport_url": "fake:/",
                "state_path": setup.folder,
                "api_paste_config": setup.folder / _PASTE,
                "notify_nova_on_port_status_changes": False,
                "notify_nova_on_port_data_changes": False,
            },
            "ml2": {
                "mechanism_drivers": BINDING,
                "tenant_network_types": "local",
            },
            "oslo_concurrency": {"lock_path": setup.folder / "locks"},
            "oslo_messaging_notifications": {"driver": "noop"},
            "database": setup.database,
            "idempotency": IDEMPOTENCY,
        }),
    }


def _schema(setup: Setup) -> ty.Sequence[Command]:
    if sa.make_url(setup.url).get_backend_name() == "postgresql":
        # One of Neutron's migrations is in MariaDB's own words.
        return [(sys.executable, "-m", "embedded.serving.neutron_tables")]
    file = str(setup.folder / _FILE)
    return [
        script("neutron-db-manage", "--config-file", file, "upgrade", "heads")
    ]


NEUTRON: ty.Final = Row(
    name="neutron",
    application=EMBEDDED.application,
    file=_FILE,
    files=_files,
    environment=lambda setup: {
        "OS_NEUTRON_CONFIG_DIR": str(setup.folder),
        "OS_NEUTRON_CONFIG_FILES": _FILE,
    },
    schema=_schema,
    operations=(
        _NEW,
        _TAGS,
        *[_NEW] * 3,
        *[_PORT] * 2,
        *[_TAGS] * 2,
        _REFUSED,
        _NO_NETWORK,
    ),
    refused=_REFUSED,
    made={
        _NEW.kind: "SELECT project_id, id FROM networks WHERE name = 'new'",
        _PORT.kind: "SELECT project_id, id FROM ports WHERE name = 'new'",
        _TAGS.kind: "SELECT DISTINCT n.project_id, n.project_id"
        " FROM networks n"
        " JOIN tags t ON t.standard_attr_id = n.standard_attr_id",
    },
)
