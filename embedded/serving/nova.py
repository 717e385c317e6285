# SPDX-License-Identifier: Apache-2.0
"""The four services of Nova in one process.

They talk through RPC as ever, only that its transport is the memory that
they share. nova-compute reaches the databases directly: to forbid it that,
as its own command does, would forbid it to the whole process.
"""

from __future__ import annotations

import shlex

# First: it decides on threads and reads the configuration.
from nova.wsgi.osapi_compute import application  # isort: skip

import os_brick
import os_vif
from oslo_config import cfg
from oslo_privsep import priv_context

from nova.compute import rpcapi as compute
from nova.conductor import rpcapi as conductor
import nova.context
import nova.objects
from nova.objects import host_mapping
from nova.scheduler import rpcapi as scheduler
import nova.service
import nova.utils

SERVICES = (
    ("nova-conductor", conductor.RPC_TOPIC, None),
    ("nova-scheduler", scheduler.RPC_TOPIC, None),
    ("nova-compute", compute.RPC_TOPIC, compute.RPC_TOPIC_ALT),
)


def _start() -> None:
    priv_context.init(root_helper=shlex.split(nova.utils.get_root_helper()))
    os_brick.setup(cfg.CONF)
    os_vif.initialize()
    nova.objects.Service.enable_min_version_cache()
    for binary, topic, other_topic in SERVICES:
        nova.service.Service.create(
            binary=binary, topic=topic, topic_alt=other_topic
        ).start()
    # The compute node is in the cell's database by now. Known to the API
    # database too, it can be scheduled to by the time the API answers.
    host_mapping.discover_hosts(nova.context.get_admin_context())


_start()

__all__ = ["application"]
