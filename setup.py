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
    "nova.idempotency.source",
    "nova.idempotency.source.templates",
    "nova.openstack",
    "nova.openstack.common",
    "nova.policies",
]

setuptools.setup(
    packages=PACKAGES,
    # Texts of the patch for Nova's source; a wheel takes modules only.
    package_data={"nova.idempotency.source.templates": ["*"]},
)
