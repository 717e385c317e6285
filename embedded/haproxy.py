# SPDX-License-Identifier: Apache-2.0
"""HAProxy, which ends when we do."""

from __future__ import annotations

from pathlib import Path
import shutil

from embedded.held import held

# Debian's is not on everybody's path.
_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin"


def missing() -> str | None:
    """Return why there can be none, None if there can."""
    return None if _found() else "no haproxy is installed"


def command(file: Path) -> list[str]:
    """Return the command that runs it in the foreground.

    :param file: its configuration
    """
    return held([_found() or "haproxy", "-db", "-f", str(file)])


def _found() -> str | None:
    return shutil.which("haproxy", path=_PATH)
