# SPDX-License-Identifier: Apache-2.0
"""What a client wants, what it was told, and what is wrong with that."""

from __future__ import annotations

import dataclasses
import typing as ty


@dataclasses.dataclass
class Wish:
    """One server.

    :param name: no other one's
    :param token: with which it is asked for, if with any
    :param told: the ids that answers named
    :param refused: answers that no healthy cloud gives
    """

    name: str
    token: str = ""
    told: list[str] = dataclasses.field(default_factory=list)
    refused: list[str] = dataclasses.field(default_factory=list)

    def wrong(self, there: ty.Sequence[str]) -> list[str]:
        """Return what is wrong, in words.

        :param there: the ids of all servers of that name
        """
        found = [f"{self.name}: {what}" for what in self.refused]
        if len(there) > 1:
            found.append(f"{self.name}: there are {len(there)} of it")
        if len({*self.told}) > 1:
            found.append(f"{self.name}: answers name several")
        if self.told and not {*self.told} <= {*there}:
            found.append(f"{self.name}: an answer names one that is not there")
        if not self.token and not self.told:
            found.append(f"{self.name}: not answered")
        return found
