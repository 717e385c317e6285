# SPDX-License-Identifier: Apache-2.0
"""A mechanism driver of Neutron's ML2 that binds every port.

Nothing is plugged on the fake compute host, so no agent has to be asked, and
a port is up as soon as it is bound.
"""

from __future__ import annotations

import importlib.metadata
import typing as ty

from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api
from stevedore import extension

_NAMESPACE = "neutron.ml2.mechanism_drivers"


class Driver(api.MechanismDriver):  # type: ignore[misc]
    """Binds each port to the first segment of its network."""

    def initialize(self) -> None:
        """Prepare nothing."""

    def bind_port(self, context: ty.Any) -> None:
        """Bind a port, and let it be up.

        :param context: ML2's PortContext
        """
        for segment in context.segments_to_bind[:1]:
            context.set_binding(
                segment[api.ID],
                portbindings.VIF_TYPE_OTHER,
                {portbindings.CAP_PORT_FILTER: False},
                status=constants.PORT_STATUS_ACTIVE,
            )


def offer(name: str) -> None:
    """Let ML2 find this driver, which no distribution has an entry point of.

    :param name: what the configuration calls it
    """
    point = importlib.metadata.EntryPoint(
        name, f"{__name__}:{Driver.__name__}", _NAMESPACE
    )
    extension.ExtensionManager.ENTRY_POINT_CACHE[_NAMESPACE] = [point]
