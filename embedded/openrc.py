# SPDX-License-Identifier: Apache-2.0
"""The demo user's credentials, as command line clients read them."""

import shlex

from embedded import config
from embedded.identity import DEMO_PROJECT
from embedded.ports import HOST
from embedded.site import Site

# The newest with which Nova itself generates a keypair is 2.91.
COMPUTE_API_VERSION = "2.90"


def variables(site: Site) -> dict[str, str]:
    """Return the environment variables of the demo user."""
    return {
        "OS_AUTH_URL": f"{site.url('keystone')}/v3",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": "demo",
        "OS_PASSWORD": site.secrets.passwords["demo"],
        "OS_PROJECT_NAME": DEMO_PROJECT,
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": config.REGION,
        "OS_COMPUTE_API_VERSION": COMPUTE_API_VERSION,
        "no_proxy": HOST,
    }


def text(site: Site) -> str:
    """Return a file for a shell to read in."""
    return "".join(
        f"export {name}={shlex.quote(value)}\n"
        for name, value in variables(site).items()
    )
