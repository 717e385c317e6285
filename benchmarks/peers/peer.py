# SPDX-License-Identifier: Apache-2.0
"""What each peer does: answer a request with a token."""

from __future__ import annotations

import typing as ty

from benchmarks.peers.things import Things

#: What an operation answers: as much as ours does.
ANSWER: ty.Final = "x" * 500


class Peer(ty.Protocol):
    """One peer, which makes one thing for each token."""

    def answer(self, token: str) -> object:
        """Make a thing, or give the first answer again.

        :param token: what names the request
        """

    def close(self) -> None:
        """End its connections and threads."""


#: What a peer's module has, as `opened`: makes its tables, and starts it.
#: The URL is of the database where things are, and where it keeps tokens, too,
#: unless it uses Redis.
Opened = ty.Callable[[str, Things], Peer]
