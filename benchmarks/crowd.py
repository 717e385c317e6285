# SPDX-License-Identifier: Apache-2.0
"""A crowd of clients that repeat one request, in a process of its own.

It obeys lines of its input: ``begin PORT CALLER TOKEN`` lets them begin, and
answers when each but ``--waiting`` of them was told something; ``end`` lets
them end, and answers with what they were told, as JSON; ``wait`` answers so
when all are done.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import sys
import threading

from benchmarks import http


class Crowd:
    """Clients that send one request until they are told to end.

    Each does what Retry-After says, with some jitter, as clients do that do
    not come in step; without it, it is done.

    :param count: how many
    :param port: of the server
    :param caller: whose request it is
    :param token: its token
    """

    def __init__(self, count: int, port: int, caller: str, token: str) -> None:
        self._request = (port, caller, token)
        self._ended = threading.Event()
        self._told: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()
        self._answers = threading.Semaphore(0)
        self._threads = [
            threading.Thread(target=self._repeat, daemon=True)
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def wait_until_told(self, count: int) -> None:
        """Wait until so many answers have come.

        :param count: how many
        """
        for _ in range(count):
            self._answers.acquire()

    def end(self) -> dict[str, int]:
        """Let them end, wait for it, and return how often they heard what."""
        self._ended.set()
        return self.done()

    def done(self) -> dict[str, int]:
        """Wait until all are done, and return how often they heard what."""
        for thread in self._threads:
            thread.join()
        return dict(self._told)

    def _repeat(self) -> None:
        port, caller, token = self._request
        while not self._ended.is_set():
            answer = http.boot(port, caller, token)
            with self._lock:
                self._told[f"{answer.status} {answer.state}"] += 1
            self._answers.release()
            if answer.later is None:
                return
            self._ended.wait(answer.later * random.uniform(0.5, 1.5))


def main() -> None:
    """Obey until the input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--waiting", type=int, default=1)
    options = parser.parse_args()
    crowd = None
    print("ready", flush=True)
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "begin":
            port, caller, token = arguments
            crowd = Crowd(options.count, int(port), caller, token)
            crowd.wait_until_told(options.count - options.waiting)
            print("begun", flush=True)
        elif crowd is not None:
            told = crowd.end() if command == "end" else crowd.done()
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
