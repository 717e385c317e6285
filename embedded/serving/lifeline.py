# SPDX-License-Identifier: Apache-2.0
"""Leave when the process that started us is gone."""

from __future__ import annotations

import os
import sys
import threading


def hold() -> None:
    """Watch standard input, whose other end our parent holds."""
    threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def _watch() -> None:
    # Nobody writes there: this returns when the parent, however it ended,
    # has let go of its end.
    sys.stdin.read()
    # Threads of the services would keep an orderly exit waiting.
    os._exit(1)
