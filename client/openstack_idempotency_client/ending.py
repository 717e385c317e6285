# SPDX-License-Identifier: Apache-2.0
"""How a POST ended, for those that use its token and those that tell it."""

from __future__ import annotations

import dataclasses

from openstack_idempotency_client.discovery import LookUp
from openstack_idempotency_client.outcome import Outcome
from openstack_idempotency_client.outcome import State


@dataclasses.dataclass(frozen=True)
class Ending:
    """How a POST ended, after all its tries.

    :param outcome: of the last try
    :param promise: what the cloud said of retries, when it said anything
    :param reason: why there was no further try, where one might have helped
    :param unsettled: whether a try may have run of which nobody has told what
        came of it
    """

    outcome: Outcome
    promise: LookUp
    reason: str = ""
    unsettled: bool = False

    @property
    def retry_safe(self) -> bool:
        """Tell whether the cloud promised that a retry is safe."""
        return self.promise.retry_safe

    @property
    def hides_a_try(self) -> bool:
        """Tell whether a refusal looks as if nothing had run."""
        refusal = self.outcome.state in (None, State.EXECUTED)
        return self.unsettled and refusal and not self.outcome.silent
