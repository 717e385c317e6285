# SPDX-License-Identifier: Apache-2.0
"""Glance: images, kept as files."""

from __future__ import annotations

import typing as ty

from embedded import config
from embedded import paste
from embedded.services.service import Command
from embedded.services.service import our_tables
from embedded.services.service import script
from embedded.services.service import Service
from embedded.site import Site

_PASTE = "glance-api-paste.ini"
#: The stores that Glance needs, each by the folder in which it keeps files.
STORES = {
    "fs": "images",
    "os_glance_staging_store": "staging",
    "os_glance_tasks_store": "tasks",
}


def files(site: Site) -> ty.Mapping[str, str]:
    """Return glance-api.conf and glance-api-paste.ini."""
    data = site.data("glance")
    pipelines = paste.installed("glance", _PASTE)
    if site.tokens:
        paste.add_filter(pipelines, "composite:api", "context", "glance")
    return {
        _PASTE: paste.text(pipelines),
        "glance-api.conf": config.render({
            "DEFAULT": {"enabled_backends": "fs:file"},
            "database": config.database(site.databases["glance"]),
            "keystone_authtoken": config.authtoken(site, "glance"),
            "idempotency": config.idempotency(site),
            "paste_deploy": {
                "flavor": "keystone",
                "config_file": site.etc("glance") / _PASTE,
            },
            "glance_store": {"default_backend": "fs"},
            **{
                store: {"filesystem_store_datadir": data / folder}
                for store, folder in STORES.items()
            },
        })
    }


def schema(site: Site) -> ty.Sequence[Command]:
    """Return the commands that fill the database, our tables included."""
    file = site.etc("glance") / "glance-api.conf"
    return [
        script("glance-manage", "--config-file", str(file), "db_sync"),
        our_tables("glance", file),
    ]


GLANCE = Service(
    name="glance",
    kind="image",
    path="",
    files=files,
    schema=schema,
    application="glance.wsgi.api",
)
