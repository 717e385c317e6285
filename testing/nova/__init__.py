# SPDX-License-Identifier: Apache-2.0
"""A whole Nova in one process, with threads of the kind its API has."""

from __future__ import annotations

import importlib.metadata
import os

#: The release of Nova that is installed, as its version number begins.
INSTALLED = int(importlib.metadata.version("nova").partition(".")[0])

# Up to Nova 32 an API server runs on eventlet, since then on real threads,
# unless it is told otherwise. Nova chooses when this is imported first.
os.environ.setdefault(
    "OS_NOVA_DISABLE_EVENTLET_PATCHING", str(INSTALLED >= 33).lower()
)

from nova import monkey_patch  # noqa: E402

if hasattr(monkey_patch, "patch"):  # Nova 31 does it on import
    monkey_patch.patch()
