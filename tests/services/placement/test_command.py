# SPDX-License-Identifier: Apache-2.0
"""The operators' command, for placement."""

from __future__ import annotations

import pathlib
import typing as ty

from tests.services import commands
from tests.services import world

_CONF = """
[placement_database]
connection = {url}
"""


class CommandTest(commands.Commanding):
    service = "placement"

    def configured(self) -> pathlib.Path:
        file = self.folder / "placement.conf"
        file.write_text(_CONF.format(url=self.url) + world.IDEMPOTENCY)
        return file

    def upstream(self, what: str) -> ty.Any:
        do = {"sync": "sync", "check": "version"}[what]
        return self.script(
            "placement-manage", "--config-file", str(self.file), "db", do
        )
