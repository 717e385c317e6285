# SPDX-License-Identifier: Apache-2.0
"""One host of the compute API: what serves it there, and how it is set."""

from __future__ import annotations

import dataclasses
import os
import signal

from embedded import config
from embedded import environment
from embedded import paste
from embedded.children import Children
from embedded.platform import UWSGI
from embedded.process import Process
from embedded.secrets import write_private
from embedded.services import NOVA
from embedded.site import Site
from region.installation import Installation

_APPLICATION = "nova.wsgi.osapi_compute"


@dataclasses.dataclass(frozen=True)
class Serving:
    """What serves the API.

    :param processes: how many of them
    :param threads: of each
    :param server: one of :mod:`embedded.platform`
    """

    processes: int = 2
    threads: int = 4
    server: str = UWSGI


@dataclasses.dataclass(frozen=True)
class Tokens:
    """What an operator has set on a host.

    :param on: whether the API is loaded by our router
    :param secrets: of which the first one seals; none for the site's
    :param options: of [idempotency], beside
    """

    on: bool = True
    secrets: tuple[str, ...] = ()
    options: config.Section = dataclasses.field(default_factory=dict)

    def section(self, site: Site) -> config.Section:
        """Return the options of [idempotency].

        :param site: where the host is
        """
        secrets = self.secrets or (site.secrets.idempotency,)
        return {
            # The one option that is given several times, each on its line.
            "secret": "\nsecret = ".join(secrets),
            # Our other stacks have one host, and promise it.
            "every_host": False,
            **self.options,
        }


class Host:
    """An API host of a site.

    :param name: what the log and the proxy call it
    :param site: the region that it belongs to
    :param port: where it is served
    :param installation: what is installed on it
    :param serving: what serves it
    """

    def __init__(
        self,
        name: str,
        site: Site,
        port: int,
        installation: Installation,
        serving: Serving = Serving(),
    ) -> None:
        self.name = name
        self.site = site
        self.port = port
        self.installation = installation
        self.serving = serving
        self._process: Process | None = None

    @property
    def service(self) -> str:
        """What its files and its process are called."""
        return f"nova-api-{self.name}"

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self.site.log(self.service).read_text(errors="replace")

    def set(self, tokens: Tokens) -> None:
        """Write its files, which count from its next start on.

        :param tokens: what its operator wants
        """
        chosen = {
            "DEFAULT": {"host": self.name},
            "idempotency": tokens.section(self.site),
        }
        site = dataclasses.replace(
            self.site, nova=config.merged(self.site.nova, chosen)
        )
        pipelines = paste.parsed(self.installation.paste)
        if tokens.on:
            paste.turn_on(pipelines)
        folder = self.site.etc(self.service)
        folder.mkdir(parents=True, exist_ok=True)
        texts = {**NOVA.files(site), "api-paste.ini": paste.text(pipelines)}
        for name, text in texts.items():
            write_private(folder / name, text)

    def start(self, children: Children) -> None:
        """Start what serves it, without waiting for it.

        :param children: what it is started by
        """
        self._process = children.start(
            self.service,
            [
                *(self.installation.python, "-m", "embedded.serving"),
                *(_APPLICATION, str(self.port), self.serving.server),
                str(self.serving.processes),
                str(self.serving.threads),
            ],
            self.environment,
            self.site.log(self.service),
        )

    @property
    def environment(self) -> dict[str, str]:
        """What its processes and commands find in their environment."""
        return environment.of_services(self.site) | {
            "OS_NOVA_CONFIG_DIR": str(self.site.etc(self.service))
        }

    def command(self, name: str, *arguments: str) -> list[str]:
        """Return a command of Nova or of ours, with this host's files.

        :param name: the command
        :param arguments: its arguments
        """
        file = self.site.etc(self.service) / "nova.conf"
        return self.installation.script(
            name, "--config-file", str(file), *arguments
        )

    def wait_until_up(self) -> None:
        """Wait until it answers.

        :raises ProcessError: it has ended, or stayed silent too long
        """
        self._running.wait_until_answers(self.port)

    def stop(self) -> None:
        """End it."""
        self._running.stop()

    def freeze(self) -> None:
        """Stop all of its processes where they are."""
        os.killpg(self._running.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        os.killpg(self._running.pid, signal.SIGCONT)

    @property
    def _running(self) -> Process:
        if self._process is None:
            raise ValueError(f"{self.name} was never started")
        return self._process

    @property
    def url(self) -> str:
        """Where it is asked past the proxy."""
        return f"http://127.0.0.1:{self.port}{NOVA.path}"
