# SPDX-License-Identifier: Apache-2.0
"""The operators' command, for Keystone."""

from __future__ import annotations

import pathlib
import typing as ty

from tests.services import commands
from tests.services.keystone import world


class CommandTest(commands.Commanding):
    service = "keystone"

    def configured(self) -> pathlib.Path:
        file = world.write(self.folder)
        self.url = f"sqlite:///{self.folder}/keystone.sqlite"
        return file

    def upstream(self, what: str) -> ty.Any:
        check = ["--check"] if what == "check" else []
        return self.script(
            "keystone-manage", "--config-file", str(self.file), "db_sync",
            *check,
        )  # fmt: skip
