# SPDX-License-Identifier: Apache-2.0
"""Nova's API as uWSGI loads it; tells the port once it can answer."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks import api
from benchmarks import inside
from embedded.serving import lifeline

lifeline.hold()
application = inside.Inside(api.load(Path(os.environ["BENCHMARKS_HISTORY"])))
os.write(
    int(os.environ["BENCHMARKS_OUTPUT"]),
    os.environ["BENCHMARKS_PORT"].encode() + b"\n",
)
