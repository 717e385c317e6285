# SPDX-License-Identifier: Apache-2.0
"""Of what a region runs nothing is left, also of a test that was killed."""

from __future__ import annotations

import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import time
import typing as ty
import unittest

from embedded import environment
from embedded import haproxy
from embedded.children import Children
from embedded.held import held
from region import pooler
from testing import databases

SECONDS = 60
CHECKOUT = Path(__file__).parents[2]
# As Nova's services do: it leaves a group of which it is not the first, and
# starts others.
SERVICE = """
import contextlib, os, time
with contextlib.suppress(PermissionError):
    os.setsid()
os.fork()
print(os.getpid(), flush=True)
time.sleep(3600)
"""
# It starts what has no lifeline of its own, and does not come to its end.
REGION = """
from pathlib import Path
import sys
from embedded import database_server, environment, ports
from embedded.children import Children
from embedded.held import held
from region import pooler, proxy

folder, children = Path(sys.argv[1]), Children()
waits, listens = ports.free(2)
before = proxy.Proxy(folder, waits, {}, (), 1, retries=False)
before.start(children)
server = database_server.named("postgresql")
pooler.before(server, folder / "pooler", listens, children)
children.start("service", held([sys.executable, "-c", sys.argv[2]]),
               environment.inherited(), folder / "service.log")
print(*children.survivors(), flush=True)
sys.stdin.read()
"""


def alive(pids: set[int]) -> list[str]:
    """Return what runs of some processes and of the groups of that number."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue  # it has ended meanwhile
        name, rest = text.split(") ", 1)
        state, _, group = rest.split()[:3]
        if {int(group), int(path.parent.name)} & pids and state not in "ZX":
            found.append(name)
    return found


class LifelineTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def wait_until(self, true: ty.Callable[[], object]) -> None:
        deadline = time.monotonic() + SECONDS
        while not true():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def service(self) -> set[int]:
        """Return the processes of the service, once both have started."""
        log = self.folder / "service.log"
        self.wait_until(lambda: len(log.read_text().split()) == 2)
        return {int(pid) for pid in log.read_text().split()}

    def end(self, pids: set[int]) -> None:
        for pid in pids:
            if alive({pid}):
                os.kill(pid, signal.SIGKILL)

    def test_what_is_stopped_ends(self) -> None:
        children = Children()
        self.addCleanup(children.stop)
        children.start(
            "service",
            held([sys.executable, "-c", SERVICE]),
            environment.inherited(),
            self.folder / "service.log",
        )
        pids = self.service()
        self.addCleanup(self.end, pids)
        children.stop()
        self.assertEqual([], alive(pids))

    def test_what_a_killed_one_had_started_ends_with_it(self) -> None:
        missing = (
            databases.missing("postgresql")
            or haproxy.missing()
            or pooler.missing()
        )
        if missing:
            self.skipTest(missing)
        killed = subprocess.Popen(
            [sys.executable, "-c", REGION, self.folder, SERVICE],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with killed:
            assert killed.stdout
            said = killed.stdout.readline()
            pids = {int(name.split(")")[0]) for name in said.split("(")[1:]}
            pids |= self.service()
            self.addCleanup(self.end, pids)
            # HAProxy, PgBouncer, both of the service, and who watches each.
            self.assertGreaterEqual(len(alive(pids)), 7)
            killed.send_signal(signal.SIGKILL)
        self.wait_until(lambda: not alive(pids))
