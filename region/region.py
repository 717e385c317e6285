# SPDX-License-Identifier: Apache-2.0
"""The control plane of a region: its order of coming up, and its hosts."""

from __future__ import annotations

from pathlib import Path
import subprocess
import time
import typing as ty

import sqlalchemy as sa

from embedded import config
from embedded import database_server
from embedded import environment
from embedded import provision
from embedded.held import held
from embedded.provision import Step
from embedded.secrets import write_private
from embedded.services import NOVA
from embedded.site import Site
from embedded.stack import Stack
from region.host import Host
from region.host import Tokens
from region.installation import Installation
from region.proxy import Proxy

#: The databases that are on the server; what other services have is SQLite's.
ON_SERVER: ty.Final = ("nova_api", "nova", "nova_cell0")
SERVICES: ty.Final = ("nova-conductor", "nova-scheduler", "nova-compute")
_SECONDS = 900
_PAUSE = 0.1
_HOSTS = sa.text("SELECT count(*) FROM host_mappings")


class Region(Stack):
    """Nova's services as processes, API hosts behind a proxy.

    :param site: where it is
    :param templates: the folder of SQLite's files
    :param step: shows a step
    :param hosts: the API hosts, with what is set on each that is up
    :param proxy: before them
    :param server: the database server
    :param installation: of the other services, and of what makes the tables
    """

    def __init__(
        self,
        site: Site,
        templates: Path,
        step: Step,
        *,
        hosts: ty.Mapping[Host, Tokens],
        proxy: Proxy,
        server: sa.URL,
        installation: Installation,
    ) -> None:
        super().__init__(site, templates, step)
        self.hosts = {host.name: host for host in hosts}
        self.proxy = proxy
        self.installation = installation
        self._server = server
        self._tokens = hosts
        self._services: dict[str, ty.Any] = {}

    def _provide(self) -> None:
        provision.copy(self.site, self._templates, self._children, self._step)
        for name in ON_SERVER:
            database_server.create(self._server, self.site.on_server[name])
        NOVA.install(self.site)
        for command, *arguments in _of_nova(self.site):
            self._manage(command, *arguments)

    def migrate(self) -> None:
        """Bring Nova's tables to the release that is installed now.

        :raises ProcessError: a command failed
        """
        for command, *arguments in _of_nova(self.site):
            if arguments[-1] == "sync":
                self._manage(command, *arguments)

    def _manage(self, command: str, *arguments: str) -> None:
        self._children.start(
            command,
            held(self.installation.script(command, *arguments)),
            environment.of_services(self.site),
            self.site.log(command),
        ).wait_until_done()

    def sync(self, host: Host) -> None:
        """Make our tables, with the command of an API host.

        :param host: the host
        :raises CalledProcessError: it failed
        """
        self.run(host, "nova-idempotency", "db", "sync")

    def run(self, host: Host, name: str, *arguments: str) -> str:
        """Run a command on an API host, and return what it prints.

        :param host: the host
        :param name: the command
        :param arguments: its arguments
        :raises CalledProcessError: it failed
        """
        try:
            return subprocess.run(
                host.command(name, *arguments),
                env=host.environment,
                check=True,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
            ).stdout
        except subprocess.CalledProcessError as error:
            error.add_note(error.stderr)
            raise

    def _start_nova(self) -> ty.Callable[[], None]:
        self._write_computes_file()
        for name in SERVICES:
            self.start_service(name)
        up = [host for host, tokens in self._tokens.items() if tokens.on]
        for host, tokens in self._tokens.items():
            host.set(tokens)
        if up:
            self.sync(up[0])
        for host in self._tokens:
            host.start(self._children)
        self.proxy.start(self._children)
        return self._await_nova

    def _await_nova(self) -> None:
        for host in self._tokens:
            host.wait_until_up()
        self.proxy.wait_until_up()
        deadline = time.monotonic() + _SECONDS
        while not self._computes():
            self.check()
            if time.monotonic() > deadline:
                raise TimeoutError("no compute host is known to the API")
            time.sleep(_PAUSE)

    def _computes(self) -> int:
        engine = database_server.engine(self.site.databases["nova_api"])
        with engine.connect() as connection:
            return int(connection.scalar(_HOSTS) or 0)

    def start_service(self, name: str) -> None:
        """Start a service that is no API.

        :param name: one of SERVICES
        """
        file = f"{name}.conf" if name == "nova-compute" else "nova.conf"
        self._services[name] = self._children.start(
            name,
            held(
                self.installation.script(
                    name, "--config-file", str(self.site.etc(NOVA.name) / file)
                )
            ),
            environment.of_services(self.site),
            self.site.log(name),
        )

    def stop_service(self, name: str) -> None:
        """End a service that is no API.

        :param name: one of SERVICES
        """
        self._services[name].stop()

    def _write_computes_file(self) -> None:
        """Write nova-compute's file: it may not know the API's database."""
        folder = self.site.etc(NOVA.name)
        text = NOVA.files(self.site)["nova.conf"]
        kept = [
            part
            for part in text.split("\n[")
            if not part.startswith("api_database]")
        ]
        write_private(folder / "nova-compute.conf", "\n[".join(kept))

    def start(self, host: Host, tokens: Tokens) -> None:
        """Start a host that is not up, and wait until it answers.

        :param host: the host
        :param tokens: what is set on it
        """
        host.set(tokens)
        host.start(self._children)
        host.wait_until_up()

    def restart(self, host: Host, tokens: Tokens) -> None:
        """Restart a host, without its clients noticing.

        :param host: the host
        :param tokens: what is set on it from now on
        """
        self.proxy.drain(host.name)
        host.stop()
        self.start(host, tokens)
        self.proxy.admit(host.name)

    def drop(self) -> None:
        """Drop what it has on the database server."""
        for name in ON_SERVER:
            database_server.drop(self._server, self.site.on_server[name])


def _of_nova(site: Site) -> list[ty.Sequence[str]]:
    """Return the commands that make Nova's tables, without their folders."""
    commands = [
        (Path(script).name, *arguments)
        for script, *arguments in NOVA.schema(site)
    ]
    # Client tokens are an API host's.
    return [each for each in commands if each[0] != "nova-idempotency"]


def options(broker: str, others: config.Sections) -> config.Sections:
    """Return what Nova's configuration has in a region.

    :param broker: the URL of its virtual host
    :param others: options of the region's own
    """
    ours: config.Sections = {
        "DEFAULT": {
            "transport_url": broker,
            # On a busy machine a conductor takes long to start, and whoever
            # starts beside it must not give up.
            "rpc_response_timeout": _SECONDS,
        },
        # The scheduler tells the API of the compute host.
        "scheduler": {"discover_hosts_in_cells_interval": 1},
        "quota": {"instances": -1, "cores": -1, "ram": -1, "key_pairs": -1},
    }
    return config.merged(ours, others)
