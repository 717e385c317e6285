# SPDX-License-Identifier: Apache-2.0
"""Nova: API, conductor, scheduler and compute in one process."""

from __future__ import annotations

import typing as ty

from embedded import config
from embedded import paste
from embedded import source
from embedded.services.cinder import CINDER
from embedded.services.service import Command
from embedded.services.service import script
from embedded.services.service import Service
from embedded.site import Site


def files(site: Site) -> ty.Mapping[str, str]:
    """Return nova.conf and api-paste.ini."""
    return {
        "nova.conf": config.render(
            config.merged(_configuration(site), site.nova)
        ),
        "api-paste.ini": _paste(site),
    }


def _paste(site: Site) -> str:
    if site.source is not None:
        # The source decorates the methods itself.
        return source.paste(site.source)
    pipelines = paste.installed()
    paste.turn_on(pipelines)
    return paste.text(pipelines)


def _configuration(site: Site) -> config.Sections:
    user = config.credentials(site, "nova")
    data = site.data("nova")
    return {
        "DEFAULT": {
            "host": "embedded",
            "my_ip": "127.0.0.1",
            "state_path": data,
            "transport_url": site.transport_url,
            # The plain fake driver makes a new node at each start, and its
            # second start then refuses the first one's.
            "compute_driver": "fake.FakeDriverWithoutFakeNodes",
            # After a restart the fake driver knows no server any more, and
            # would report each as shut down.
            "sync_power_state_interval": -1,
        },
        "api_database": config.database(site.databases["nova_api"]),
        "database": config.database(site.databases["nova"]),
        "oslo_concurrency": {"lock_path": data / "locks"},
        "oslo_messaging_notifications": {"driver": "noop"},
        "keystone_authtoken": config.authtoken(site, "nova"),
        "service_user": {**user, "send_service_user_token": True},
        "placement": user,
        "neutron": user,
        "glance": {"service_type": "image"},
        "cinder": {"catalog_info": f"{CINDER.kind}::publicURL"},
        "vnc": {"enabled": False},
        "quota": {"instances": 200, "cores": 400, "ram": -1},
        "conductor": {"workers": 1},
        "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": -1},
        "idempotency": config.idempotency(site),
    }


def schema(site: Site) -> ty.Sequence[Command]:
    """Return the commands that fill the databases and map the cells."""
    configuration = ("--config-file", str(site.etc("nova") / "nova.conf"))

    def manage(*arguments: str) -> Command:
        return script("nova-manage", *configuration, *arguments)

    def at(cell: str) -> Command:
        url = site.cells.get(cell)
        return ("--database_connection", url) if url else ()

    return [
        manage("api_db", "sync"),
        manage("cell_v2", "map_cell0", *at("cell0")),
        manage("cell_v2", "create_cell", "--name", "cell1", *at("cell1")),
        manage("db", "sync"),
        script("nova-idempotency", *configuration, "db", "sync"),
    ]


NOVA = Service(
    name="nova",
    kind="compute",
    path="/v2.1",
    files=files,
    schema=schema,
    application="embedded.serving.nova",
)
