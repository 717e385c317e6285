# SPDX-License-Identifier: Apache-2.0
"""What a withdrawal found, and what it took back: section 5."""

from __future__ import annotations

import dataclasses
import enum

from openstack_idempotency.protocol.record import Resource


class Fate(enum.Enum):
    """What a withdrawal found (protocol section 5)."""

    WITHDRAWN = "nobody went on with them: all are taken back"
    TAKEN = "the service went on with them: nothing is taken back"
    DELETED = "a user deleted some before: the others are taken back"


@dataclasses.dataclass(frozen=True)
class Withdrawn:
    """What a withdrawal took back.

    :param fate: what it found
    :param todos: what was taken back, with what is to be undone for it
        outside of the database, in a form that the service reads
    """

    fate: Fate
    todos: tuple[tuple[Resource, str], ...] = ()
