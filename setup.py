# SPDX-License-Identifier: Apache-2.0
"""Installs our modules beside upstream Nova's; see CONTRIBUTING.md."""

from __future__ import annotations

import setuptools

# Only folders that hold modules of ours, never the roots that upstream owns:
# an editable install of a root would hide upstream's package behind it.
PACKAGES = [
    "nova.cmd",
    "nova.conf",
    "nova.db.idempotency",
    "nova.idempotency",
    "nova.openstack",
    "nova.openstack.common",
]

setuptools.setup(packages=PACKAGES)
