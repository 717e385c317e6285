# SPDX-License-Identifier: Apache-2.0
"""What differs between the releases of Nova, as far as tests notice it.

:mod:`nova.idempotency.releases` has what the software itself notices.
"""

from __future__ import annotations

import functools
import inspect
import typing as ty

import fixtures

from nova.api.openstack.compute import servers
from nova.idempotency import operations
from nova.idempotency import releases
from testing import databases
from testing.nova import INSTALLED

#: Whether each POST below /os-volumes_boot is answered 500: it calls a method
#: of its superclass with the body by position, where the check of the body's
#: schema takes it by name only.
BOOT_VOLUME_FAILS = INSTALLED >= 33

#: How the API lets a volume be attached: by asking nova-conductor, or by
#: telling nova-compute.
ATTACHES_VOLUME = f"{'call' if INSTALLED >= 33 else 'cast'} attach_volume"

#: Microversions that answer differently when a volume is attached.
VOLUME_VERSIONS: tuple[str, ...] = ("2.1", "2.70", "2.79", "2.89")
if INSTALLED >= 33:
    VOLUME_VERSIONS += ("2.101",)

#: The databases that requests can use at the same time. Up to Nova 33 its
#: fixture keeps SQLite in memory, behind one connection: real threads, which
#: Nova 33 brought, would tread on each other.
CONCURRENT = tuple(
    backend
    for backend in databases.BACKENDS
    if backend != "sqlite" or INSTALLED != 33
)

#: Where the actions are that any controller of servers has.
ACTIONS_OF_SERVERS: tuple[str, ...] = ("/servers/{id}/action",)
if INSTALLED <= 32:
    ACTIONS_OF_SERVERS += ("/os-volumes_boot/{id}/action",)

#: The rows of the table that this release has.
OPERATIONS = tuple(
    row
    for row in operations.OPERATIONS
    if row.until is None or row.until >= INSTALLED
)


class BootVolume(fixtures.Fixture):
    """Lets the POSTs below /os-volumes_boot work where they fail.

    The superclass takes the body by position, too.
    """

    def _setUp(self) -> None:
        if not BOOT_VOLUME_FAILS:
            return
        from nova.api.openstack.compute import volumes_boot

        for name in vars(volumes_boot.VolumesBootController):
            method = vars(servers.ServersController).get(name)
            if "body" in _parameters(method):
                self.useFixture(
                    fixtures.MockPatchObject(
                        servers.ServersController, name, _by_name(method)
                    )
                )


def _parameters(method: ty.Any) -> ty.Collection[str]:
    return inspect.signature(method).parameters if callable(method) else ()


def _by_name(method: ty.Any) -> ty.Any:
    @functools.wraps(method)
    def call(self: ty.Any, *args: ty.Any, **kwargs: ty.Any) -> ty.Any:
        given = inspect.signature(method).bind(self, *args, **kwargs)
        return method(**given.arguments)

    return call


class InSource(fixtures.Fixture):
    """Changes a method as if it had been changed in upstream's source.

    :param controller: the class of the controller
    :param name: the method's name
    :param how: the change
    """

    def __init__(
        self, controller: type, name: str, how: ty.Callable[..., ty.Any]
    ) -> None:
        self._controller = controller
        self._name = name
        self._how = how

    def _setUp(self) -> None:
        if releases.choices(self._controller, self._name):
            name = "versioned_methods"
            there = getattr(self._controller, name)
            self.addCleanup(setattr, self._controller, name, there)
            releases.change_choices(self._controller, self._name, self._how)
            return
        changed = self._how(vars(self._controller)[self._name])
        patch = fixtures.MockPatchObject(self._controller, self._name, changed)
        self.useFixture(patch)
