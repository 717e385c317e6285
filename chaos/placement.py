# SPDX-License-Identifier: Apache-2.0
"""Placement, as far as it knows whose allocations are there."""

from __future__ import annotations

import typing as ty

from chaos.history import History


class Placement:
    """Stands in for Nova's client of placement.

    :param history: gets what is claimed and freed
    """

    def __init__(self, history: History) -> None:
        self._history = history

    def claim(self, servers: ty.Iterable[str]) -> None:
        """Make allocations, as the scheduler does.

        :param servers: whose they are
        """
        self._history.note("claimed", servers=list(servers))

    def delete_allocation_for_instance(
        self, _: ty.Any, server: str, **__: ty.Any
    ) -> bool:
        """Delete a server's allocations, if it has any.

        :param server: the server's id
        """
        self._history.note("freed", server=server)
        return True


def stand_in(history: History) -> None:
    """Let Nova find it, in this process.

    :param history: gets what is claimed and freed
    """
    from nova.scheduler.client import report  # once Nova has its threads

    report.report_client_singleton = lambda: Placement(history)
