# SPDX-License-Identifier: Apache-2.0
"""Credentials of users, as command line clients read them."""

from __future__ import annotations

import shlex

from embedded import config
from embedded.identity import DEMO_PROJECT
from embedded.ports import HOST
from embedded.site import Site

# The newest with which Nova itself generates a keypair is 2.91.
COMPUTE_API_VERSION = "2.90"


# Users, each with the project that they work in.
DEMO = ("demo", DEMO_PROJECT)
ADMIN = ("admin", "admin")


def variables(site: Site, who: tuple[str, str]) -> dict[str, str]:
    """Return the environment variables of a user, DEMO or ADMIN."""
    user, project = who
    return {
        "OS_AUTH_URL": f"{site.url('keystone')}/v3",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": user,
        "OS_PASSWORD": site.secrets.passwords[user],
        "OS_PROJECT_NAME": project,
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": config.REGION,
        "OS_COMPUTE_API_VERSION": COMPUTE_API_VERSION,
        "no_proxy": HOST,
    }


def text(site: Site, who: tuple[str, str]) -> str:
    """Return a file for a shell to read in."""
    return "".join(
        f"export {name}={shlex.quote(value)}\n"
        for name, value in variables(site, who).items()
    )
