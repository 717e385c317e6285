# SPDX-License-Identifier: Apache-2.0
"""What happened: one JSON object a line, appended by many processes."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
import time
import typing as ty

Event = dict[str, ty.Any]


@dataclasses.dataclass(frozen=True)
class History:
    """A file of events.

    :param path: the file
    """

    path: Path

    def note(self, event: str, **fields: ty.Any) -> None:
        """Append an event.

        :param event: what happened
        :param fields: to whom, and how
        """
        line = json.dumps({"event": event, "at": time.time(), **fields})
        # One write to a file opened so lands in one piece, whoever else
        # writes, and stays if the writer is killed the next moment.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        file = os.open(self.path, flags, 0o600)
        try:
            os.write(file, line.encode() + b"\n")
        finally:
            os.close(file)

    def events(self) -> list[Event]:
        """Return all events so far, in their order."""
        if not self.path.exists():
            return []
        lines = self.path.read_text().splitlines()
        return [json.loads(line) for line in lines]
