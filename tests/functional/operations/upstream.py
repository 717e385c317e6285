# SPDX-License-Identifier: Apache-2.0
"""What the installed Nova does wrong, and tests have to put right."""

from __future__ import annotations

import functools
import inspect
import typing as ty

import fixtures

from nova.api.openstack.compute import servers
from nova.api.openstack.compute import volumes_boot


class BootVolume(fixtures.Fixture):  # type: ignore[misc]
    """Lets the POSTs below /os-volumes_boot work.

    In nova 34.0.0 each of them calls the method of the same name of its
    superclass with the body by position, where the check of the body's schema
    takes it by name only: KeyError, and 500 to every request. With this, the
    superclass takes it by position, too.
    """

    def _setUp(self) -> None:
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
