# SPDX-License-Identifier: Apache-2.0
"""The three services of Cinder in one process.

They talk through RPC as ever, only that its transport is the memory that
they share.
"""

from __future__ import annotations

import os
from pathlib import Path
import sys

from cinder import monkey_patch

from embedded.services import cinder as ours

# First: it decides on threads.
monkey_patch.patch(backend="threading")
# Only its arguments tell Cinder where its configuration is.
_FILE = Path(os.environ["OS_CINDER_CONFIG_DIR"], ours.FILE)
sys.argv = [sys.argv[0], "--config-file", str(_FILE)]

# It reads the configuration, before which no service can be made.
from cinder.wsgi.api import application  # isort: skip # noqa: E402

from cinder import service  # noqa: E402
from cinder.common import constants  # noqa: E402
from oslo_config import cfg  # noqa: E402


def _start() -> None:
    for backend in cfg.CONF.enabled_backends:
        service.Service.create(
            host=f"{cfg.CONF.host}@{backend}",
            service_name=backend,
            binary=constants.VOLUME_BINARY,
        ).start()
    # Last: it waits until a backend has said what it has room for.
    service.Service.create(binary=constants.SCHEDULER_BINARY).start()


_start()

__all__ = ["application"]
