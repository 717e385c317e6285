# SPDX-License-Identifier: Apache-2.0
"""The environment variables of the children."""

from __future__ import annotations

import os
from pathlib import Path

from embedded.ports import HOST
from embedded.site import Site


def inherited() -> dict[str, str]:
    """Return our own environment, without another cloud's credentials."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("OS_")
    }


def of_services(site: Site) -> dict[str, str]:
    """Return the environment of the stack's services and their commands."""
    folders = {
        f"OS_{name.upper()}_CONFIG_DIR": str(site.etc(name))
        for name in site.ports
    }
    return {
        **inherited(),
        **folders,
        "OS_NEUTRON_CONFIG_FILES": "neutron.conf",
        # nova-manage would go eventlet otherwise.
        "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true",
        "PYTHONPATH": os.pathsep.join(
            str(folder)
            for folder in (site.source, Path(__file__).parents[1])
            if folder is not None
        ),
        "no_proxy": HOST,
    }
