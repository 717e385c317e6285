# SPDX-License-Identifier: Apache-2.0
"""The cloud that is rolled out on: three API hosts, of which one is new."""

from __future__ import annotations

import contextlib
from pathlib import Path
import tempfile
import typing as ty

from region.cloud import Plan
from region.cloud import RegionCloud
from region.host import Serving
from region.host import Tokens
from region.installation import Installation
from region.installation import wheels

FIRST, SECOND, NEW = "first", "second", "new"
_SIZE = Serving(processes=1, threads=4)
PLAN = Plan(
    hosts={FIRST: _SIZE, SECOND: _SIZE, NEW: _SIZE},
    tokens={FIRST: Tokens(on=False), SECOND: Tokens(on=False)},
    waiting=(NEW,),
    # Nobody is given up on a busy machine: without a token it is a failure.
    patience=300,
)
# What serves the API is not in the environment of an older release.
_SERVER = "pyuwsgi*"


class Installations:
    """What is installed where, at first without ours.

    :param release: the environment of an older Nova to begin with
    """

    def __init__(self, release: Path) -> None:
        # Beside what it links to: links do not leave a file system.
        here = Installation.here()
        self._folder = tempfile.TemporaryDirectory(
            prefix="rollout-", dir=here.root.parent
        )
        self.root = Path(self._folder.name)
        self._release = release
        self._number = 0

    def of(self, name: str) -> Installation:
        """Return what is installed on a host before anything is done.

        :param name: the host, or the services that are no API
        """
        (server,) = {
            path.parent
            for path in Installation.here().root.rglob(_SERVER)
            if path.suffix == ".so"
        }
        return self._copy(
            Installation(self._release), name, *server.glob(_SERVER)
        )

    def newest(self, name: str) -> Installation:
        """Return an installation of the newest Nova, without ours.

        :param name: the host, or the services that are no API
        """
        return self._copy(Installation.here(), name)

    def _copy(
        self, source: Installation, name: str, *more: Path
    ) -> Installation:
        self._number += 1
        into = self.root / f"{name}-{self._number}"
        return source.stock(into, *more)

    def wheels(self) -> list[Path]:
        """Build ours once."""
        folder = self.root / "wheels"
        return sorted(folder.glob("*.whl")) or wheels(folder)

    def close(self) -> None:
        """Forget all of them."""
        self._folder.cleanup()


@contextlib.contextmanager
def living(
    release: Path,
) -> ty.Iterator[tuple[RegionCloud, Installations]]:
    """Give a cloud without client tokens.

    :param release: the environment of an older Nova to begin with
    """
    installed = Installations(release)
    with contextlib.closing(installed):
        cloud = RegionCloud(PLAN, installed.of)
        with contextlib.closing(cloud):
            yield cloud, installed
