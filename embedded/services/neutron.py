# SPDX-License-Identifier: Apache-2.0
"""Neutron: networks and ports, as far as a database knows them."""

from __future__ import annotations

import sys
import typing as ty

from embedded import config
from embedded.services.service import Command
from embedded.services.service import Service
from embedded.services.service import upstream_file
from embedded.site import Site

# Our mechanism driver, see embedded.serving.binding.
BINDING = "embedded"


def files(site: Site) -> ty.Mapping[str, str]:
    """Return neutron.conf."""
    data = site.data("neutron")
    return {
        "neutron.conf": config.render({
            "DEFAULT": {
                "core_plugin": "ml2",
                "service_plugins": "",
                "auth_strategy": "keystone",
                "transport_url": site.transport_url,
                "state_path": data,
                "api_paste_config": upstream_file("neutron", "api-paste.ini"),
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
        })
    }


def schema(_site: Site) -> ty.Sequence[Command]:
    """Return the command that fills the database."""
    return [(sys.executable, "-m", "embedded.serving.neutron_tables")]


NEUTRON = Service(
    name="neutron",
    kind="network",
    path="",
    files=files,
    schema=schema,
    application="embedded.serving.neutron",
)
