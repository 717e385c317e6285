# SPDX-License-Identifier: Apache-2.0
"""A process that has Nova's API, and calls it as often as it is told.

It obeys lines of its input: ``KIND COUNT DEPTH`` runs so many requests of one
kind, so many frames down the stack, and answers with what they took, as JSON;
``statements KIND`` answers how many statements one sends to databases.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
import sys

from benchmarks import api


def main() -> None:
    """Obey until the input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--history", type=Path, required=True)
    arguments = parser.parse_args()
    # Nova parses options of its own here.
    sys.argv[:] = ["nova-api"]
    application = api.load(arguments.history)
    from benchmarks.calling import Caller  # once Nova has its threads

    caller = Caller(application)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(caller.obey(line)), flush=True)


if __name__ == "__main__":
    main()
