# SPDX-License-Identifier: Apache-2.0
"""The operators' command, for Glance."""

from __future__ import annotations

import pathlib
import typing as ty

from tests.services import commands
from tests.services.glance import world


class CommandTest(commands.Commanding):
    service = "glance"

    def configured(self) -> pathlib.Path:
        return world.write(self.folder, self.url)

    def upstream(self, what: str) -> ty.Any:
        return self.script(
            "glance-manage", "--config-file", str(self.file), "db", what
        )
