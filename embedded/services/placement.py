# SPDX-License-Identifier: Apache-2.0
"""Placement: what the compute host has to give."""

from __future__ import annotations

import typing as ty

from embedded import config
from embedded.services.service import Command
from embedded.services.service import our_tables
from embedded.services.service import script
from embedded.services.service import Service
from embedded.site import Site


def files(site: Site) -> ty.Mapping[str, str]:
    """Return placement.conf."""
    url = site.databases["placement"]
    return {
        "placement.conf": config.render({
            "placement_database": config.database(url),
            "api": {"auth_strategy": "keystone"},
            "keystone_authtoken": config.authtoken(site, "placement"),
            "idempotency": config.idempotency(site),
        })
    }


def schema(site: Site) -> ty.Sequence[Command]:
    """Return the commands that fill the database, our tables included."""
    file = site.etc("placement") / "placement.conf"
    theirs = ("placement-manage", "--config-file", str(file), "db", "sync")
    return [script(*theirs), our_tables("placement", file)]


PLACEMENT = Service(
    name="placement",
    kind="placement",
    path="",
    files=files,
    schema=schema,
    application="placement.wsgi.api",
    application_with_tokens="openstack_idempotency.serving.placement",
)
