# SPDX-License-Identifier: Apache-2.0
"""Neutron with ML2 and its service plugins, as uWSGI would load it.

Agents are rows, of agents that are alive, and the one that Neutron waits for
answers; keystone's middleware is left out, and its headers are given.
"""

from __future__ import annotations

import datetime
import functools
import json
import os
import pathlib
import typing as ty
from unittest import mock
import uuid

import sqlalchemy as sa

from embedded import paste
from openstack_idempotency.sql import migration
from tests.services import world

#: Those that need neither OVN nor another service.
PLUGINS: ty.Final = (
    "auto_allocate", "conntrack_helper", "flavors", "local_ip", "log",
    "metering", "ndp_proxy", "network_ip_availability",
    "network_segment_range", "port_forwarding", "qos", "revisions", "router",
    "segments", "tag", "timestamp", "trunk",
)  # fmt: skip
_CONF = """
[DEFAULT]
use_stderr = false
core_plugin = ml2
service_plugins = {plugins}
transport_url = fake://
state_path = {folder}
api_paste_config = {folder}/api-paste.ini
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
[ml2]
mechanism_drivers = openvswitch
type_drivers = local,vlan
project_network_types = local
extension_drivers = port_security,qos
[ml2_type_vlan]
network_vlan_ranges = physnet1:100:4000
[cors]
allowed_origin = https://dashboard.example
[quotas]
default_quota = -1
{quotas}
[oslo_concurrency]
lock_path = {folder}/locks
[database]
connection = {url}
"""
_LIMITED: ty.Final = (
    "network", "subnet", "port", "router", "floatingip", "security_group",
    "security_group_rule", "rbac_policy",
)  # fmt: skip
#: Where the agents are.
HOSTS: ty.Final = ("host-1", "host-2")
_AGENTS: ty.Final = {
    "DHCP agent": {},
    "L3 agent": {"agent_mode": "legacy"},
    "Open vSwitch agent": {"bridge_mappings": {"physnet1": "bridge"}},
}


def write(folder: pathlib.Path, url: str, more: str = "") -> pathlib.Path:
    """Write the configuration, and return the file."""
    quotas = "\n".join(f"quota_{name} = -1" for name in _LIMITED)
    text = _CONF.format(
        folder=folder, url=url, quotas=quotas, plugins=",".join(PLUGINS)
    )
    file = folder / "neutron.conf"
    file.write_text(text + more + world.IDEMPOTENCY)
    return file


@functools.cache
def neutron() -> world.World:
    """Return the one of this process."""
    folder = world.folder()
    url = world.database(folder, "neutron")
    # It makes no difference to SQLite's file whether it reaches the disk.
    write(folder, url, "sqlite_synchronous = false\n")
    world.write_paste(
        folder / "api-paste.ini",
        paste.trusting("neutron", "api-paste.ini",
                       "composite:neutronapi_v2_0", "keystonecontext"),
        folder / "neutron.conf",
    )  # fmt: skip
    os.environ["OS_NEUTRON_CONFIG_DIR"] = str(folder)
    os.environ["OS_NEUTRON_CONFIG_FILES"] = "neutron.conf"
    # A thread that counts would write to the file that a transaction reads.
    with (
        world.no_arguments(),
        mock.patch("openstack_idempotency.engine.counting._INTERVAL", 1e6),
    ):
        made = make_tables(url)
        from neutron.wsgi.api import application

        from openstack_idempotency.services.neutron import ADAPTER
    from oslo_config import cfg

    engine = ADAPTER.database().writer.get_engine()
    migration.db_sync(engine)
    made.dispose()
    _add_agents(engine)
    _answer_as_agent()
    found = world.World(
        application, ADAPTER, cfg.CONF, engine, world.authenticated, "/v2.0"
    )
    # From now on the project has its default security group.
    req = found.request("POST", "/networks")
    req.json_body = {"network": {"name": "first"}}
    assert found.send(req).status_int == 201
    return found


def make_tables(url: str) -> sa.Engine:
    """Make Neutron's tables; its migrations alter what SQLite cannot."""
    from neutron.db.migration.models import head

    engine = sa.create_engine(url)
    head.get_metadata().create_all(engine)
    return engine


def _add_agents(engine: sa.Engine) -> None:
    from neutron.db.models import agent

    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    rows = [
        {
            "id": str(uuid.uuid4()),
            "agent_type": kind,
            "binary": kind,
            "topic": "of tests",
            "host": host,
            "admin_state_up": True,
            "created_at": now,
            "started_at": now,
            # It is alive as long as these tests run.
            "heartbeat_timestamp": now + datetime.timedelta(days=1),
            "configurations": json.dumps(configurations),
            "load": 0,
            "resources_synced": True,
        }
        for host in HOSTS
        for kind, configurations in _AGENTS.items()
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(agent.Agent), rows)


class _Agent:
    """An L3 agent, of which Neutron wants to know that it has a router."""

    def router_added_to_agent(self, context: ty.Any, payload: ty.Any) -> None:
        """Take it."""


def _answer_as_agent() -> None:
    from neutron_lib import rpc
    import oslo_messaging

    for host in HOSTS:
        target = oslo_messaging.Target(topic="l3_agent", server=host)
        rpc.get_server(target, [_Agent()]).start()
