# SPDX-License-Identifier: Apache-2.0
"""`python -m embedded`, as the Makefile calls it."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as ty
import unittest

from embedded import demo
from embedded import ports
from embedded.story import Outcome
from testing.cloud import SECONDS
from testing.cloud import TEMPLATES

ROOT = Path(__file__).parents[2]


class PortTest(unittest.TestCase):
    """A port that somebody else listens on."""

    def test_taken_port_is_named_with_its_service_and_option(self) -> None:
        with socket.create_server((ports.HOST, 0)) as taken:
            port = taken.getsockname()[1]
            with tempfile.TemporaryDirectory() as var:
                done = subprocess.run(
                    [sys.executable, "-m", "embedded", "--var", var,
                     "demo", "--nova-port", str(port)],
                    cwd=ROOT, capture_output=True, text=True, check=False,
                )
                self.assertEqual([], list(Path(var).iterdir()))
        self.assertEqual(1, done.returncode)
        for part in (f"port {port}", "nova", "taken", "--nova-port",
                     "NOVA_PORT"):
            self.assertIn(part, done.stderr)
        self.assertNotIn("Traceback", done.stderr)


class PlatformTest(unittest.TestCase):
    """What it is to run on, and cannot."""

    def refused(self, *options: str) -> str:
        with tempfile.TemporaryDirectory() as var:
            done = subprocess.run(
                [sys.executable, "-m", "embedded", "--var", var, "serve",
                 *options],
                cwd=ROOT, capture_output=True, text=True, check=False,
            )
            self.assertFalse((Path(var) / "openrc").exists())
        self.assertNotEqual(0, done.returncode)
        self.assertNotIn("Traceback", done.stderr)
        return done.stderr

    def test_unknown_database_is_answered_with_those_there_are(self) -> None:
        for given in ("oracle", "oracle://localhost/"):
            errors = self.refused("--database", given)
            for part in (given, "sqlite", "mysql", "postgresql"):
                self.assertIn(part, errors)

    def test_password_must_not_be_on_the_command_line(self) -> None:
        url = "mysql+pymysql://root:hush@127.0.0.1/"
        errors = self.refused("--database", url)
        self.assertNotIn("hush", errors)
        self.assertIn("TEST_MYSQL_URL", errors)

    def test_unknown_server_is_answered_with_those_there_are(self) -> None:
        errors = self.refused("--server", "apache")
        for part in ("apache", "waitress", "uwsgi"):
            self.assertIn(part, errors)

    def test_database_server_that_does_not_answer_is_named(self) -> None:
        with socket.create_server((ports.HOST, 0)) as listener:
            port = listener.getsockname()[1]
        server = f"postgresql://nobody@{ports.HOST}:{port}/postgres"
        errors = self.refused("--database", server)
        for part in (f"nobody@{ports.HOST}:{port}", "TEST_POSTGRESQL_URL"):
            self.assertIn(part, errors)


class TellTest(unittest.TestCase):
    """What the exit status of `demo` is counted from."""

    def tell(self, play: ty.Callable[[], Outcome]) -> tuple[bool, str]:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            return demo.tell("a step", play), printed.getvalue()

    def test_step_as_expected(self) -> None:
        ok, line = self.tell(lambda: Outcome("exit 0", "exit 0", "a server"))
        self.assertTrue(ok)
        self.assertRegex(line, r"^  ok +[0-9.]+ s  a step +a server\n$")

    def test_difference_is_told_and_counts(self) -> None:
        ok, line = self.tell(lambda: Outcome("one server", "2 servers"))
        self.assertFalse(ok)
        for part in ("DIFFERENT", "one server", "2 servers"):
            self.assertIn(part, line)

    def test_failing_step_is_a_difference(self) -> None:
        def fail() -> Outcome:
            raise TimeoutError("no answer")

        ok, line = self.tell(fail)
        self.assertFalse(ok)
        self.assertIn("no answer", line)


class ServeTest(unittest.TestCase):
    """`serve` from its start to its end."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="e2e-")
        self.addCleanup(directory.cleanup)
        self.var = Path(directory.name)
        (self.var / "template").symlink_to(TEMPLATES)
        TEMPLATES.mkdir(parents=True, exist_ok=True)
        self.ports = ports.ephemeral()

    def serve(self) -> subprocess.Popen[str]:
        options = [
            part
            for service, port in self.ports.items()
            for part in (ports.option(service), str(port))
        ]
        process = subprocess.Popen(
            [sys.executable, "-m", "embedded", "--var", str(self.var),
             "serve", *options],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        for line in process.stdout:
            if "Ctrl-C stops everything" in line:
                return process
        raise AssertionError("serve ended before it was up")

    def assert_all_gone(self) -> None:
        deadline = time.monotonic() + SECONDS
        while left := [s for s, p in self.ports.items() if ports.answers(p)]:
            self.assertLess(time.monotonic(), deadline, left)
            time.sleep(0.05)

    def test_interrupted_serve_stops_everything(self) -> None:
        process = self.serve()
        for name, user in (("openrc", "demo"), ("admin-openrc", "admin")):
            file = self.var / name
            self.assertEqual(0o600, file.stat().st_mode & 0o777)
            self.assertIn(f"OS_USERNAME={user}\n", file.read_text())
        process.send_signal(signal.SIGINT)
        self.assertEqual(0, process.wait(SECONDS))
        for service, port in self.ports.items():
            self.assertFalse(ports.answers(port), service)

    def test_services_go_when_serve_is_killed(self) -> None:
        process = self.serve()
        process.kill()
        process.wait(SECONDS)
        self.assert_all_gone()
