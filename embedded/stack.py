# SPDX-License-Identifier: Apache-2.0
"""The whole control plane: the order in which it comes up and goes down."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
import typing as ty

from embedded import cloud
from embedded import environment
from embedded import identity
from embedded import ports
from embedded import provision
from embedded import secrets
from embedded.children import Children
from embedded.process import Process
from embedded.provision import Step
from embedded.services import KEYSTONE
from embedded.services import keystone
from embedded.services import NOVA
from embedded.services import SERVICES
from embedded.services.service import Service
from embedded.site import Site


class Stack:
    """A running control plane; leaving the context ends all of it."""

    def __init__(self, site: Site, templates: Path, step: Step) -> None:
        self.site = site
        self._templates = templates
        self._step = step
        self._children = Children()
        self._served: dict[str, Process] = {}

    def __enter__(self) -> ty.Self:
        try:
            self._bring_up()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every process."""
        self._children.stop()

    def check(self) -> None:
        """Check that every service still runs.

        :raises ProcessError: naming one that ended by itself.
        """
        self._children.check()

    def kill(self, service: Service) -> None:
        """End a service that is served, at once, whatever it is doing.

        :param service: the service
        """
        self._served[service.name].kill()

    def serve(self, service: Service) -> None:
        """Serve a service again that was killed, and wait until it answers.

        :param service: the service
        :raises ProcessError: it has ended, or stayed silent too long
        """
        self._await(service, self._serve(service))

    def survivors(self) -> list[str]:
        """Name what still runs."""
        return self._children.survivors()

    def _bring_up(self) -> None:
        ports.require_free(self.site.ports)
        self._provide()
        self._install()
        with self._step("keystone"):
            process = self._serve(KEYSTONE)
            self._bootstrap()
            self._await(KEYSTONE, process)
        # These look keystone up when the first request comes, not before.
        early = {
            service: self._serve(service)
            for service in SERVICES
            if service not in (KEYSTONE, NOVA)
        }
        with self._step("users and catalog"):
            identity.populate(self.site)
        await_nova = self._start_nova()
        for service, process in early.items():
            with self._step(service.name):
                self._await(service, process)
        with self._step("nova: API, conductor, scheduler, compute"):
            await_nova()
        with self._step("an image, two flavors and a network"):
            cloud.furnish(identity.log_in(self.site, "admin", "admin"))

    def _provide(self) -> None:
        """Make the databases, unless they are there."""
        provision.ensure(
            self.site, self._templates, self._children, self._step
        )

    def _start_nova(self) -> ty.Callable[[], None]:
        """Start Nova, and return what waits until it answers."""
        process = self._serve(NOVA)
        return lambda: self._await(NOVA, process)

    def _install(self) -> None:
        for service in SERVICES:
            service.install(self.site)
        for repository in (keystone.FERNET, keystone.CREDENTIAL):
            secrets.make_key_repository(
                self.site.data(KEYSTONE.name) / repository
            )

    def _bootstrap(self) -> None:
        self._children.start(
            "keystone-bootstrap",
            keystone.manage(self.site, "bootstrap"),
            environment.of_services(self.site)
            | keystone.bootstrap_variables(self.site),
            self.site.log("keystone-bootstrap"),
        ).wait_until_done()

    def _serve(self, service: Service) -> Process:
        process = self._served[service.name] = self._children.start(
            service.name,
            service.serve(self.site),
            environment.of_services(self.site),
            self.site.log(service.name),
        )
        return process

    def _await(self, service: Service, process: Process) -> None:
        process.wait_until_answers(self.site.ports[service.name])
