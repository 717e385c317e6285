# SPDX-License-Identifier: Apache-2.0
"""A process that has one peer, and calls it as often as it is told.

It obeys lines of its input: ``KIND COUNT THREADS DEPTH`` runs so many calls,
on so many threads and so many frames down the stack, and answers with what
they took, as JSON. The kinds are ``raw``, an insertion by the driver alone,
``first``, and ``replay``.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import importlib
import json
import sys
import typing as ty
import uuid

from benchmarks import timing
from benchmarks.peers.peer import Peer
from benchmarks.peers.things import Things


class Runner:
    """Calls one peer.

    :param peer: the peer
    :param things: what it makes
    """

    def __init__(self, peer: Peer, things: Things) -> None:
        self._peer = peer
        self._things = things
        self._used: list[str] = []

    def obey(self, line: str) -> ty.Any:
        """Do what a line of the input says, and return the answer."""
        kind, *numbers = line.split()
        count, threads, depth = map(int, numbers)
        calls = self._calls(kind, count)
        return dataclasses.asdict(timing.block(calls, depth, threads))

    def _calls(self, kind: str, count: int) -> list[timing.Call]:
        if kind == "raw":
            return [self._things.add] * count
        if kind == "first":
            return [self._call(uuid.uuid4().hex) for _ in range(count)]
        while len(self._used) < count:
            self._used.append(uuid.uuid4().hex)
            self._peer.answer(self._used[-1])
        return [self._call(token) for token in self._used[:count]]

    def _call(self, token: str) -> timing.Call:
        return functools.partial(self._peer.answer, token)


def main() -> None:
    """Obey until the input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--module", required=True)
    parser.add_argument("--url", required=True)
    options = parser.parse_args()
    things = Things(options.url)
    module = importlib.import_module(f"benchmarks.peers.{options.module}")
    peer: Peer = module.opened(options.url, things)
    # What peers print is no answer of ours.
    answers, sys.stdout = sys.stdout, sys.stderr
    peer.answer(uuid.uuid4().hex)
    runner = Runner(peer, things)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(runner.obey(line)), file=answers, flush=True)
    peer.close()


if __name__ == "__main__":
    main()
