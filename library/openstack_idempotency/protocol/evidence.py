# SPDX-License-Identifier: Apache-2.0
"""What a service knows of a request whose worker is gone: section 3."""

from __future__ import annotations

import dataclasses
import enum

from openstack_idempotency.protocol.answer import Answer


class Evidence(enum.Enum):
    """What a service recorded of a request whose worker is gone."""

    NONE = "no trace, or one that does not tell what came of it"
    UNDER_WAY = "it went well, or somebody is at work on it"
    FAILED = "it failed"


@dataclasses.dataclass(frozen=True)
class Started:
    """What a service knows of a request whose worker is gone.

    :param evidence: what it recorded
    :param answer: the first answer again; None where it cannot be made
    """

    evidence: Evidence
    answer: Answer | None = None
