# SPDX-License-Identifier: Apache-2.0
"""What a withdrawal found, and what it took back: section 5."""

from __future__ import annotations

import dataclasses
import enum

from openstack_idempotency.protocol.record import Resource


class Fate(enum.Enum):
    """What a withdrawal found (protocol section 5)."""

    WITHDRAWN = "nobody took them up: all are taken back"
    TAKEN = "the service took them up: nothing is taken back"
    DELETED = "a user had deleted some: the others are taken back"


@dataclasses.dataclass(frozen=True)
class Withdrawn:
    """What a withdrawal took back.

    :param fate: what it found
    :param todos: what was taken back, with what must be undone for it outside
        the database, in a form that the service reads
    """

    fate: Fate
    todos: tuple[tuple[Resource, str], ...] = ()
