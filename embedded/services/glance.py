# SPDX-License-Identifier: Apache-2.0
"""Glance: images, kept as files."""

from __future__ import annotations

import typing as ty

from embedded import config
from embedded.services.service import Command
from embedded.services.service import script
from embedded.services.service import Service
from embedded.services.service import upstream_file
from embedded.site import Site

STORES = {
    "fs": "images",
    "os_glance_staging_store": "staging",
    "os_glance_tasks_store": "tasks",
}


def files(site: Site) -> ty.Mapping[str, str]:
    """Return glance-api.conf."""
    data = site.data("glance")
    paste = upstream_file("glance", "glance-api-paste.ini")
    return {
        "glance-api.conf": config.render({
            "DEFAULT": {"enabled_backends": "fs:file"},
            "database": config.database(site.databases["glance"]),
            "keystone_authtoken": config.authtoken(site, "glance"),
            "paste_deploy": {"flavor": "keystone", "config_file": paste},
            "glance_store": {"default_backend": "fs"},
            **{
                store: {"filesystem_store_datadir": data / folder}
                for store, folder in STORES.items()
            },
        })
    }


def schema(site: Site) -> ty.Sequence[Command]:
    """Return the command that fills the database."""
    file = str(site.etc("glance") / "glance-api.conf")
    return [script("glance-manage", "--config-file", file, "db_sync")]


GLANCE = Service(
    name="glance",
    kind="image",
    path="",
    files=files,
    schema=schema,
    application="glance.wsgi.api",
)
