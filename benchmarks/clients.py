# SPDX-License-Identifier: Apache-2.0
"""Clients that ask for one server after another, in a process of their own.

It obeys lines of its input: ``HOW SECONDS`` lets them ask for so long, with a
token of its own for each POST if HOW is ``token``, and answers with what the
requests took, as JSON.
"""

from __future__ import annotations

import argparse
from concurrent import futures
import dataclasses
import json
import sys
import time
import uuid

from benchmarks import http
from benchmarks.block import Block


def ask(port: int, count: int, how: str, seconds: float) -> Block:
    """Let clients ask for servers, each of another user, for some time.

    :param port: of the API
    :param count: how many clients
    :param how: "token", or anything else for none
    :param seconds: how long they begin new requests, at least one each
    :raises RuntimeError: a request is answered with an error
    """
    began = time.perf_counter()

    def one() -> list[float]:
        took: list[float] = []
        while not took or time.perf_counter() - began < seconds:
            token = uuid.uuid4().hex if how == "token" else None
            answer = http.boot(port, uuid.uuid4().hex, token)
            if answer.status != 202:
                raise RuntimeError(f"POST was answered with {answer.status}")
            took.append(answer.seconds)
        return took

    with futures.ThreadPoolExecutor(count) as pool:
        each = [pool.submit(one) for _ in range(count)]
        took = [second for done in each for second in done.result()]
    return Block(tuple(took), time.perf_counter() - began)


def main() -> None:
    """Obey until the input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    for line in sys.stdin:
        how, seconds = line.split()
        block = ask(options.port, options.count, how, float(seconds))
        print(json.dumps(dataclasses.asdict(block)), flush=True)


if __name__ == "__main__":
    main()
