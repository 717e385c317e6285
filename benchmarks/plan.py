# SPDX-License-Identifier: Apache-2.0
"""How much is measured, where, and how far that has come."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
import tempfile
import typing as ty

from rich import progress

from benchmarks import block
from benchmarks.block import Pair
from benchmarks.block import Side
from benchmarks.sites import Sites


@dataclasses.dataclass(frozen=True)
class Plan:
    """How much is measured.

    :param quick: only as much as shows that everything works
    :param backends: the kinds of database servers, of chaos.databases
    :param sites: has Nova's databases
    :param progress: shows how far it has come
    :param more: pairs of blocks of a comparison, if not as many as usual
    """

    quick: bool
    backends: tuple[str, ...]
    sites: Sites
    progress: progress.Progress
    more: int | None = None

    @property
    def rounds(self) -> int:
        """Pairs of blocks of a comparison."""
        return self.more or (2 if self.quick else 16)

    @property
    def gets(self) -> int:
        """Requests of a block, where a server serves them by HTTP."""
        return 15 if self.quick else 150

    @property
    def crowd(self) -> int:
        """Clients that send one request at once."""
        return 20 if self.quick else 200

    @property
    def ended(self) -> int:
        """Tokens that a purge finds."""
        return 12_000 if self.quick else 1_000_000

    @property
    def stretch(self) -> float:
        """Seconds of a block in which requests come at a steady pace."""
        return 0.5 if self.quick else 6.0

    @property
    def body(self) -> int:
        """Bytes of a large body."""
        return 1_000_000 if self.quick else 10_000_000

    @property
    def minute(self) -> float:
        """Seconds for which clients ask without a pause."""
        return 2.0 if self.quick else 60.0

    @property
    def operations(self) -> int:
        """Calls of a block, where no server of Nova is asked."""
        return 16 if self.quick else 200

    @property
    def posts(self) -> int:
        """Pairs of requests to Nova's API, of one each."""
        return 4 if self.quick else 32 * self.rounds

    def pairs(
        self, name: str, mine: Side, base: Side, rounds: int | None = None
    ) -> tuple[Pair, ...]:
        """Measure two sides in turns, and show how far that has come.

        :param name: what is measured
        :param mine: runs a block of what is measured
        :param base: runs a block of what it is compared with
        :param rounds: how many pairs, if not as many as the plan says
        """
        rounds = rounds or self.rounds
        task = self.progress.add_task(name, total=rounds + 1)
        try:
            return block.in_turn(
                mine,
                base,
                rounds,
                after_each=lambda: self.progress.advance(task),
            )
        finally:
            self.progress.remove_task(task)

    @contextlib.contextmanager
    def folder(self) -> ty.Iterator[Path]:
        """Yield an empty folder, which goes in the end."""
        # A socket's path must be short.
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            yield Path(name)
