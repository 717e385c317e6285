# SPDX-License-Identifier: Apache-2.0
"""How a POST ended, for those that use its token and those that tell it."""

from __future__ import annotations

import dataclasses

from openstack_idempotency_client.discovery import LookUp
from openstack_idempotency_client.outcome import Outcome


@dataclasses.dataclass(frozen=True)
class Ending:
    """How a POST ended, after all its tries.

    :param outcome: of the last try
    :param promise: what the cloud said of retries, when it said anything
    :param reason: why there was no further try, where one might have helped
    """

    outcome: Outcome
    promise: LookUp
    reason: str = ""

    @property
    def retry_safe(self) -> bool:
        """Tell whether the cloud promised that a retry is safe."""
        return self.promise.retry_safe
