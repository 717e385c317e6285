# SPDX-License-Identifier: Apache-2.0
"""Installs our modules beside upstream Nova's; see CONTRIBUTING.md."""

import setuptools

# Only folders that hold modules of ours, never the roots that upstream owns:
# an editable install of a root would hide upstream's package behind it.
PACKAGES = [
    "nova.cmd",
    "nova.conf",
    "nova.db.idempotency",
    "openstack_idempotency.migrations",
    "openstack_idempotency.migrations.versions",
    "nova.idempotency",
    "nova.openstack",
    "nova.openstack.common",
    "nova.openstack.common.idempotency",
]

setuptools.setup(
    packages=PACKAGES,
    package_dir={"openstack_idempotency.migrations": "migrations"},
    # Alembic's template for new migrations; a wheel takes modules only.
    package_data={"openstack_idempotency.migrations": ["script.py.mako"]},
)
