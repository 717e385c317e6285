# SPDX-License-Identifier: Apache-2.0
"""What the stack has to know about a service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import sys
import typing as ty

from embedded.secrets import write_private
from embedded.site import Site

SCRIPTS = Path(sys.executable).parent

Command = ty.Sequence[str]


@dataclass(frozen=True)
class Service:
    """One service: catalog entry, files, schema, and what serves it."""

    name: str
    kind: str
    path: str
    """Of the endpoint in the catalog, behind host and port."""
    files: ty.Callable[[Site], ty.Mapping[str, str]]
    """Text of each file in its configuration folder."""
    schema: ty.Callable[[Site], ty.Sequence[Command]]
    """Commands, one after the other, that fill its empty databases."""
    application: str
    """Module whose attribute `application` is the WSGI application."""
    application_with_tokens: str | None = None
    """That module of a site with tokens, where it is another one."""

    def url(self, site: Site) -> str:
        """Return the endpoint for the catalog."""
        return site.url(self.name) + self.path

    def install(self, site: Site) -> None:
        """Write its configuration, and make the folders that it needs."""
        for folder in (site.etc(self.name), site.data(self.name)):
            folder.mkdir(parents=True, exist_ok=True)
        site.log(self.name).parent.mkdir(exist_ok=True)
        for name, text in self.files(site).items():
            write_private(site.etc(self.name) / name, text)

    def serve(self, site: Site) -> Command:
        """Return the command that serves it."""
        port = str(site.ports[self.name])
        application = self.application
        if site.tokens and self.application_with_tokens is not None:
            application = self.application_with_tokens
        return (sys.executable, "-m", "embedded.serving", application,
                port, site.platform.server)


def script(name: str, *arguments: str) -> Command:
    """Return a command that runs a script of this environment."""
    return (str(SCRIPTS / name), *arguments)


def our_tables(service: str, file: Path) -> Command:
    """Return the command that makes our tables in a service's database.

    :param service: its name
    :param file: its configuration
    """
    return script(
        "openstack-idempotency", "--service", service,
        "--config-file", str(file), "db", "sync",
    )  # fmt: skip
