# SPDX-License-Identifier: Apache-2.0
"""Leave when the process that started us is gone."""

from __future__ import annotations

import os
import sys
import threading
import typing as ty


def _leave() -> None:
    # Threads of the services would keep an orderly exit waiting.
    os._exit(1)


def hold(end: ty.Callable[[], None] = _leave) -> None:
    """Watch standard input, whose other end our parent holds.

    :param end: what is done when it has let go; by default we leave
    """

    def watch() -> None:
        # Nobody writes there: this returns when the parent, however it ended,
        # has let go of its end.
        sys.stdin.read()
        end()

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
