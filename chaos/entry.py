# SPDX-License-Identifier: Apache-2.0
"""What the databases hold of one caller."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Entry:
    """What one caller has.

    :param made: the ids of the resources that Nova has committed, without
        the servers that were withdrawn, and those that are gone
    :param bound: the ids of those that the caller's token names
    :param gone: the ids of servers that are nowhere, neither in a cell nor
        waiting to be built: what is left where Nova's clean-up was broken
        off, which nobody sees
    :param stray: the ids of servers in a cell that were not made, or were
        withdrawn
    :param withdrawn: the ids of servers that were withdrawn
    """

    made: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
