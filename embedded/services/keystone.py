# SPDX-License-Identifier: Apache-2.0
"""Keystone: users, roles and the catalog."""

from __future__ import annotations

from pathlib import Path
import typing as ty

from embedded import config
from embedded.services.service import Command
from embedded.services.service import our_tables
from embedded.services.service import script
from embedded.services.service import Service
from embedded.site import Site

FERNET = "fernet-keys"
CREDENTIAL = "credential-keys"


def files(site: Site) -> ty.Mapping[str, str]:
    """Return keystone.conf."""
    data = site.data("keystone")
    return {
        "keystone.conf": config.render({
            "database": config.database(site.databases["keystone"]),
            # Slow hashes protect passwords that can be guessed; ours are
            # random, and every login would pay for it.
            "identity": {"password_hash_rounds": 4},
            "token": {"provider": "fernet"},
            "fernet_tokens": {"key_repository": data / FERNET},
            "fernet_receipts": {"key_repository": data / FERNET},
            "credential": {"key_repository": data / CREDENTIAL},
            "cache": {"backend": "oslo_cache.dict"},
            "idempotency": config.idempotency(site),
        })
    }


def schema(site: Site) -> ty.Sequence[Command]:
    """Return the commands that fill the database, our tables included."""
    return [manage(site, "db_sync"), our_tables("keystone", _file(site))]


def manage(site: Site, *arguments: str) -> Command:
    """Return a keystone-manage command."""
    file = str(_file(site))
    return script("keystone-manage", "--config-file", file, *arguments)


def _file(site: Site) -> Path:
    return site.etc("keystone") / "keystone.conf"


def bootstrap_variables(site: Site) -> dict[str, str]:
    """Return what `keystone-manage bootstrap` reads from its environment."""
    return {
        "OS_BOOTSTRAP_USERNAME": "admin",
        "OS_BOOTSTRAP_PASSWORD": site.secrets.passwords["admin"],
        "OS_BOOTSTRAP_PROJECT_NAME": "admin",
        "OS_BOOTSTRAP_REGION_ID": config.REGION,
        "OS_BOOTSTRAP_PUBLIC_URL": KEYSTONE.url(site),
    }


KEYSTONE = Service(
    name="keystone",
    kind="identity",
    path="/v3",
    files=files,
    schema=schema,
    application="keystone.wsgi.api",
    application_with_tokens="openstack_idempotency.serving.keystone",
)
