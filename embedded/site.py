# SPDX-License-Identifier: Apache-2.0
"""Where one stack lives: its files, ports, databases and broker."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
import hashlib
from pathlib import Path
import typing as ty

from embedded import database_server
from embedded import ports
from embedded import sqlite
from embedded.platform import Platform
from embedded.secrets import Secrets


@dataclass(frozen=True)
class Site:
    """Everything in which one stack differs from another."""

    state: Path
    ports: ty.Mapping[str, int]
    platform: Platform
    databases: ty.Mapping[str, str]
    """URL of each database."""
    cells: ty.Mapping[str, str]
    """URL of each cell's database, where Nova must not choose it itself."""
    transport_url: str
    secrets: Secrets
    source: Path | None = None
    """Where Nova was installed from a source tree, if it was."""
    tokens: bool = False
    """Whether services besides Nova take client tokens, too."""
    nova: ty.Mapping[str, ty.Mapping[str, object]] = field(
        default_factory=dict
    )
    """What Nova's configuration has besides ours, by section."""

    @classmethod
    def on(
        cls,
        platform: Platform,
        state: Path,
        ports: ty.Mapping[str, int],
        *,
        tokens: bool = False,
    ) -> Site:
        """Return a site that needs no broker: its RPC stays in memory."""
        state = state.absolute()
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        server = platform.location
        return cls(
            state=state,
            ports=ports,
            platform=platform,
            databases=sqlite.urls(state / "db") if server is None else {
                name: database_server.url_of(server, on_server)
                for name, on_server in _names(state).items()
            },
            # On a server Nova names cell0's after [database]'s, as we do.
            cells=sqlite.CELLS if server is None else {},
            transport_url="fake:/",
            secrets=Secrets.kept_in(state / "secrets.json"),
            tokens=tokens,
        )

    @classmethod
    def on_sqlite(cls, state: Path, ports: ty.Mapping[str, int]) -> Site:
        """Return a site without any server."""
        return cls.on(Platform(), state, ports)

    @property
    def on_server(self) -> ty.Mapping[str, str]:
        """What each database is called on a server."""
        return _names(self.state)

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


def _names(state: Path) -> dict[str, str]:
    # The same whenever this state directory is used, and no other's.
    mine = hashlib.sha256(bytes(state)).hexdigest()[:12]
    return {name: f"embedded_{mine}_{name}" for name in sqlite.FILES}
