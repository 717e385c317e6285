# SPDX-License-Identifier: Apache-2.0
"""Cinder: API, scheduler and volume service in one process."""

from __future__ import annotations

import typing as ty

from embedded import config
from embedded import paste
from embedded.services.service import Command
from embedded.services.service import our_tables
from embedded.services.service import script
from embedded.services.service import Service
from embedded.site import Site

FILE = "cinder.conf"
_PASTE = "api-paste.ini"
_FILTERS = "resource_filters.json"
_PIPELINES = "composite:openstack_volume_api_v3"
# The one backend, which keeps nothing: see embedded.serving.volumes.
_BACKEND = "nothing"


def files(site: Site) -> ty.Mapping[str, str]:
    """Return cinder.conf, and upstream's files with what differs."""
    pipelines = paste.installed("cinder", _PASTE)
    if site.tokens:
        paste.add_filter(pipelines, _PIPELINES, "keystonecontext", "cinder",
                         "faultwrap")  # fmt: skip
    return {
        _PASTE: paste.text(pipelines),
        FILE: config.render(_configuration(site)),
        _FILTERS: paste.path("cinder", _FILTERS).read_text(),
    }


def _configuration(site: Site) -> config.Sections:
    data = site.data("cinder")
    return {
        "DEFAULT": {
            "host": "embedded",
            "my_ip": "127.0.0.1",
            "state_path": data,
            # Whatever Nova's is: all who talk here are in this process.
            "transport_url": "fake:/",
            "api_paste_config": site.etc("cinder") / _PASTE,
            "enabled_backends": _BACKEND,
            "resource_query_filters_file": site.etc("cinder") / _FILTERS,
            # Two services in one process would report as the same one. They
            # are up as long as it is: ten years do for that.
            "report_interval": 0,
            "service_down_time": 10 * 365 * 24 * 3600,
        },
        _BACKEND: {
            "volume_backend_name": _BACKEND,
            "volume_driver": "embedded.serving.volumes.Driver",
        },
        "coordination": {"backend_url": f"file://{data / 'coordination'}"},
        "database": config.database(site.databases["cinder"]),
        "keystone_authtoken": config.authtoken(site, "cinder"),
        # A volume that is in use grows with Nova's help.
        "nova": config.credentials(site, "cinder"),
        "oslo_concurrency": {"lock_path": data / "locks"},
        "oslo_messaging_notifications": {"driver": "noop"},
        "idempotency": config.idempotency(site),
    }


def schema(site: Site) -> ty.Sequence[Command]:
    """Return the commands that fill the database, our tables included."""
    file = site.etc("cinder") / FILE
    return [
        script("cinder-manage", "--config-file", str(file), "db", "sync"),
        our_tables("cinder", file),
    ]


CINDER = Service(
    name="cinder",
    kind="block-storage",
    path="/v3",
    files=files,
    schema=schema,
    application="embedded.serving.cinder",
)
