# SPDX-License-Identifier: Apache-2.0
"""Where one stack lives: its files, ports, databases and broker."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded import ports
from embedded import sqlite
from embedded.secrets import Secrets


@dataclass(frozen=True)
class Site:
    """Everything in which one stack differs from another."""

    state: Path
    ports: Mapping[str, int]
    databases: Mapping[str, str]
    """URL of each database."""
    cells: Mapping[str, str]
    """URL of each cell's database, as its mapping in Nova has it."""
    transport_url: str
    secrets: Secrets
    source: Path | None = None
    """Where Nova was installed from a source tree, if it was."""

    @classmethod
    def on_sqlite(cls, state: Path, ports: Mapping[str, int]) -> "Site":
        """Return a site without any server: SQLite files, RPC in memory."""
        state = state.absolute()
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(
            state=state,
            ports=ports,
            databases=sqlite.urls(state / "db"),
            cells=sqlite.CELLS,
            transport_url="fake:/",
            secrets=Secrets.kept_in(state / "secrets.json"),
        )

    def etc(self, service: str) -> Path:
        """Return the folder of a service's configuration files."""
        return self.state / "etc" / service

    def data(self, service: str) -> Path:
        """Return the folder where a service keeps what is in no database."""
        return self.state / "data" / service

    def log(self, name: str) -> Path:
        """Return the log file of a process."""
        return self.state / "log" / f"{name}.log"

    def url(self, service: str) -> str:
        """Return the address at which a service is served."""
        return f"http://{ports.HOST}:{self.ports[service]}"
