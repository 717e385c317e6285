# SPDX-License-Identifier: Apache-2.0
"""What a test must know of an operation to ask for it."""

from __future__ import annotations

import dataclasses
import typing as ty

from nova.idempotency.operations import Operation
from testing.nova import cloud

STARTED = "INSERT instance_actions"


@dataclasses.dataclass(frozen=True)
class Sample:
    """A request, and how one sees that it ran once.

    :param body: its body
    :param effect: what it does exactly once, see :mod:`.effects`
    :param version: its microversion
    :param target: what stands for ``{id}`` in its path
    :param server: the server's fields, where they are not those of one that
        runs
    :param given: puts into the cloud what else must be there
    """

    body: dict[str, ty.Any]
    effect: str = STARTED
    version: str = "2.90"
    target: str = cloud.SERVER
    server: dict[str, ty.Any] = dataclasses.field(default_factory=dict)
    given: ty.Callable[[cloud.Cloud], None] | None = None

    def path(self, row: Operation) -> str:
        """Return where its request is sent to.

        :param row: the operation
        """
        return row.path.format(
            id=self.target,
            flavor_id=self.target,
            image_id=self.target,
            server_id=cloud.SERVER,
        )
