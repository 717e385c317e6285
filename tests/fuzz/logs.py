# SPDX-License-Identifier: Apache-2.0
"""What is logged, at any level."""

from __future__ import annotations

import logging

_OURS = ("nova.idempotency", "nova.db.idempotency", "openstack_idempotency.")


class Logs(logging.Handler):
    """Collects what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._said: list[str] = []
        self._ours: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Collect a record, and the error that it tells of."""
        self._said.append(record.getMessage())
        if record.exc_info:
            self._said.append(repr(record.exc_info[1]))
        # One line about each request is usual; a warning never is here.
        troubled = record.levelno >= logging.WARNING
        if troubled and record.name.startswith(_OURS):
            self._ours.append(record.getMessage())

    def taken(self) -> tuple[str, list[str]]:
        """Return all that was said since the last time, and our warnings."""
        taken = "\n".join(self._said), self._ours
        self._said, self._ours = [], []
        return taken
