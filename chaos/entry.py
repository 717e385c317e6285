# SPDX-License-Identifier: Apache-2.0
"""What the database holds of one caller."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Entry:
    """What one caller has.

    :param made: the ids of the resources that Nova has committed
    :param bound: the ids of those that the caller's token names
    """

    made: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
