# SPDX-License-Identifier: Apache-2.0
"""Nova's API served in one of the ways that operators use, for crowds."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
import time
import typing as ty

from benchmarks import http
from benchmarks.block import Block
from chaos.child import Child
from chaos.configuration import Configuration

#: The options' defaults, in seconds.
LEASE: ty.Final = 60
WAIT_TIMEOUT: ty.Final = 5


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to serve the API.

    :param name: its name
    :param threads: of each process
    :param processes: how many
    """

    name: str
    threads: int
    processes: int

    def __str__(self) -> str:
        return f"{self.processes} process(es) of {self.threads} thread(s)"


#: One process with many threads: what most of the crowds come to.
THREADS: ty.Final = Way("threads", threads=16, processes=1)
PROCESSES: ty.Final = Way("processes", threads=1, processes=4)


@contextlib.contextmanager
def served(folder: Path, site: Configuration, way: Way) -> ty.Iterator[int]:
    """Serve the API, and yield its port.

    :param folder: gets what the API writes
    :param site: its configuration
    :param way: how to serve it
    """
    mine = folder / "api"
    mine.mkdir()
    # The name of a host, in which Nova takes no blanks.
    site.write(mine, "measured")
    arguments = [
        f"--threads={way.threads}",
        f"--processes={way.processes}",
        f"--history={mine / 'history'}",
    ]
    with started("benchmarks.api", arguments, mine) as api:
        yield int(api.read())


@contextlib.contextmanager
def started(
    module: str,
    arguments: ty.Sequence[str],
    folder: Path,
    interpreter: Path | None = None,
) -> ty.Iterator[Child]:
    """Run a process of ours, and stop it in the end.

    :param module: what it runs
    :param arguments: what that is given
    :param folder: where its errors go; it is made if it is missing
    :param interpreter: another environment's, if not ours
    """
    folder.mkdir(exist_ok=True)
    child = Child(module, arguments, folder, interpreter)
    try:
        yield child
    finally:
        child.stop()


def gets(port: int, go_on: ty.Callable[[int], bool]) -> Block:
    """Measure the GETs of a user whom no crowd concerns, one after another.

    :param port: of the API
    :param go_on: is told how many there were, and tells whether to go on
    :raises RuntimeError: one is answered with an error
    """
    began = time.perf_counter()
    seconds: list[float] = []
    while go_on(len(seconds)):
        answer = http.flavors(port, "another")
        if answer.status != 200:
            raise RuntimeError(f"GET was answered with {answer.status}")
        seconds.append(answer.seconds)
    return Block(tuple(seconds), time.perf_counter() - began)


def idle(port: int, count: int) -> Block:
    """Measure some of these GETs.

    :param port: of the API
    :param count: how many
    """
    return gets(port, lambda done: done < count)
