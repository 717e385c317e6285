# SPDX-License-Identifier: Apache-2.0
"""A whole Nova in one process; threads are real ones."""

import os

# Nova chooses between threads and eventlet when it is imported first.
os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "true"

import nova.tests.functional  # noqa: F401
