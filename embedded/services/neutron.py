# SPDX-License-Identifier: Apache-2.0
"""Neutron: networks and ports, as far as a database knows them."""

from __future__ import annotations

import sys
import typing as ty

from embedded import config
from embedded import paste
from embedded.services.service import Command
from embedded.services.service import our_tables
from embedded.services.service import Service
from embedded.site import Site

_PASTE = "api-paste.ini"
# Our mechanism driver, see embedded.serving.binding.
BINDING = "embedded"


def files(site: Site) -> ty.Mapping[str, str]:
    """Return neutron.conf and api-paste.ini."""
    data = site.data("neutron")
    pipelines = paste.installed("neutron", _PASTE)
    if site.tokens:
        paste.add_filter(
            pipelines, "composite:neutronapi_v2_0", "keystonecontext",
            "neutron",
        )  # fmt: skip
    return {
        _PASTE: paste.text(pipelines),
        "neutron.conf": config.render({
            "DEFAULT": {
                "core_plugin": "ml2",
                "service_plugins": "",
                "auth_strategy": "keystone",
                "transport_url": site.transport_url,
                "state_path": data,
                "api_paste_config": site.etc("neutron") / _PASTE,
                "api_workers": 1,
                "rpc_workers": 0,
                "notify_nova_on_port_status_changes": False,
                "notify_nova_on_port_data_changes": False,
            },
            "ml2": {
                "mechanism_drivers": BINDING,
                "tenant_network_types": "local",
            },
            "oslo_concurrency": {"lock_path": data / "locks"},
            "database": config.database(site.databases["neutron"]),
            "keystone_authtoken": config.authtoken(site, "neutron"),
            "idempotency": config.idempotency(site),
        })
    }


def schema(site: Site) -> ty.Sequence[Command]:
    """Return the commands that fill the database, our tables included."""
    return [
        (sys.executable, "-m", "embedded.serving.neutron_tables"),
        our_tables("neutron", site.etc("neutron") / "neutron.conf"),
    ]


NEUTRON = Service(
    name="neutron",
    kind="network",
    path="",
    files=files,
    schema=schema,
    application="embedded.serving.neutron",
)
