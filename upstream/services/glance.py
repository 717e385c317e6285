# SPDX-License-Identifier: Apache-2.0
"""Which of Glance's tests are run: the rule.

Of ``glance.tests.functional``, the package ``v2``: the tests that have the
whole API in their process. Those that download from the web, or call qemu-img,
fail on a host that cannot.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
import typing as ty

from upstream.service import excepted
from upstream.service import Pass
from upstream.service import Service
from upstream.service import Suite

_EXCEPTIONS = excepted(
    "An import that another host takes over is answered with that host's id "
    "of the request. A replay has an id of its own, and names the first one's "
    "in X-Client-Token-Request-Id (protocol section 3).",
    "glance.tests.functional.v2.test_images.TestImportProxy.",
    "test_import_proxy",
)


def _write(kind: Pass, folder: Path) -> dict[str, str]:
    # Tests name files by their paths in upstream's repository.
    found = importlib.util.find_spec("glance")
    if found is not None and found.origin is not None:
        (folder / "glance").symlink_to(Path(found.origin).parent)
    return {}


ROW: ty.Final = Service(
    "glance",
    suites=(
        Suite(
            "functional",
            "glance.tests.functional",
            chosen=lambda module: module.startswith("v2."),
        ),
    ),
    exceptions=_EXCEPTIONS,
    write=_write,
)
