# SPDX-License-Identifier: Apache-2.0
"""Installs our modules beside upstream Nova's; see CONTRIBUTING.md."""

import setuptools

# Only folders that hold modules of ours, never the roots that upstream owns:
# an editable install of a root would hide upstream's package behind it.
PACKAGES = [
    "nova.cmd",
    "nova.conf",
    "nova.db.idempotency",
    "nova.db.idempotency.migrations",
    "nova.db.idempotency.migrations.versions",
    "nova.idempotency",
    "nova.idempotency.source",
    "nova.idempotency.source.templates",
    "nova.openstack",
    "nova.openstack.common",
    "nova.openstack.common.idempotency",
]

setuptools.setup(
    packages=PACKAGES,
    package_dir={"nova.db.idempotency.migrations": "migrations"},
    # Alembic's template for new migrations, and texts of the patch for Nova's
    # source; a wheel takes modules only.
    package_data={
        "nova.db.idempotency.migrations": ["script.py.mako"],
        "nova.idempotency.source.templates": ["*"],
    },
)
