# SPDX-License-Identifier: Apache-2.0
"""A process that has Nova's API, and weighs what a POST with a body takes.

It obeys lines of its input: ``SHAPE BYTES`` sends a body of that shape and
size, without a token and with one, and answers with the most memory that each
took, what a token takes with a small body, and what the parsed body takes, in
bytes, as JSON.
"""

from __future__ import annotations

import argparse
import gc
import json
from pathlib import Path
import sys
import tracemalloc
import typing as ty
import uuid

from benchmarks import api


def body(shape: str, size: int) -> bytes:
    """Return a body that Nova reads, and refuses for the server's name.

    A body that it took would be kept in the database: nobody could see what
    the token adds.

    :param shape: "text", or anything else for many small values
    :param size: about how many bytes
    """
    hints: ty.Any = "text " * (size // 5)
    if shape != "text":
        hints = [
            {"name": f"name-{n}", "number": n, "text": "some text " * 4}
            for n in range(size // 90)
        ]
    server = {"name": "", "flavorRef": "1", "networks": "none"}
    request = {"server": server, "os:scheduler_hints": {"hints": hints}}
    return json.dumps(request).encode()


def parsed(text: bytes) -> int:
    """Return what a body takes when it is parsed.

    :param text: the body
    """
    with _Traced() as used:
        value = json.loads(text)
        now = used()[0]
    del value
    return now


class _Traced:
    """Tells what was taken since it was entered: now, and at most."""

    def __enter__(self) -> ty.Callable[[], tuple[int, int]]:
        gc.collect()
        tracemalloc.start()
        return tracemalloc.get_traced_memory

    def __exit__(self, *_: object) -> None:
        tracemalloc.stop()


def _peak(application: ty.Any, text: bytes, token: str | None) -> int:
    from benchmarks import requests

    request = requests.with_body("servers", uuid.uuid4().hex, token, text)
    with _Traced() as used:
        answer = request.get_response(application)
        peak = used()[1]
    if answer.status_int != 400:
        raise RuntimeError(f"{answer.status}: {answer.text}")
    return peak


def _peaks(application: ty.Any, text: bytes) -> tuple[int, int]:
    """Return what a body takes without a token, and with one."""
    tokens = None, uuid.uuid4().hex
    none, token = (_peak(application, text, one) for one in tokens)
    return none, token


def main() -> None:
    """Obey until the input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--history", type=Path, required=True)
    history = parser.parse_args().history
    # Nova parses options of its own here.
    sys.argv[:] = ["nova-api"]
    application = api.load(history)
    small = body("text", 100)
    _peaks(application, small)  # what is loaded only once
    print("ready", flush=True)
    for line in sys.stdin:
        shape, size = line.split()
        text = body(shape, int(size))
        none, token = _peaks(application, text)
        before, after = _peaks(application, small)
        weighed = {
            "parsed": parsed(text),
            "none": none,
            "token": token,
            "small": after - before,
        }
        print(json.dumps(weighed), flush=True)


if __name__ == "__main__":
    main()
