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

    def in_order(self) -> Entry:
        """Return the same, in an order that does not depend on a database."""
        fields = dataclasses.asdict(self).items()
        return Entry(**{name: tuple(sorted(ids)) for name, ids in fields})


class Tally:
    """What was found of each caller, field by field of an entry."""

    def __init__(self) -> None:
        self._fields: dict[str, dict[str, list[str]]] = {}

    def note(self, caller: str, field: str, resource: str) -> None:
        """Note one resource.

        :param caller: whose it is
        :param field: the field
        :param resource: its id
        """
        mine = self._fields.setdefault(caller, {})
        mine.setdefault(field, []).append(resource)

    def entries(self) -> dict[str, Entry]:
        """Return the entries, by caller."""
        return {
            caller: Entry(**{name: tuple(ids) for name, ids in mine.items()})
            for caller, mine in self._fields.items()
        }
