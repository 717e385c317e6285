# SPDX-License-Identifier: Apache-2.0
"""Runs the stock commands against a cloud and keeps what they printed."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import logging
import os
import pathlib
import subprocess
import sys
import typing as ty

import fixtures
from novaclient import shell
from openstackclient import shell as openstack
from osc_lib import clientmanager

from openstack_idempotency_client import retry
from tests.unit.client.cloud import Cloud
from tests.unit.client.wire import SOON

# What the installed scripts do.
_SCRIPTS = {
    "nova": "import sys; from novaclient.shell import main; sys.exit(main())",
    "openstack": (
        "import sys; from openstackclient.shell import main; sys.exit(main())"
    ),
}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


class Login(fixtures.Fixture):
    """A user who is logged in to the cloud, with a home of their own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def _setUp(self) -> None:
        for name in [n for n in os.environ if n.startswith("OS_")]:
            self.useFixture(fixtures.EnvironmentVariable(name))
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        variables = self.cloud.environment | {
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONPATH": str(pathlib.Path(__file__).parents[3]),
        }
        for name, value in variables.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.useFixture(
            fixtures.MonkeyPatch("keyring.core._keyring_backend", None)
        )

    @property
    def state(self) -> pathlib.Path:
        """The folder of what is remembered."""
        return self.home / "state" / "openstack-idempotency-client"

    def entries(self) -> list[str]:
        """Return the ids of what is remembered."""
        return sorted(one.stem for one in self.state.glob("entries/*.json"))


class Command(fixtures.Fixture):
    """A stock command, as its user runs it."""

    name = ""

    def __init__(self, cloud: Cloud, login: Login | None = None) -> None:
        self.cloud = cloud
        self._given = login

    def _setUp(self) -> None:
        self.login = self._given or self.useFixture(Login(self.cloud))
        # Commands in this process share it, as those of users never do.
        self.useFixture(
            fixtures.MonkeyPatch(
                "openstack_idempotency_client.session.BUDGET", retry.Budget()
            )
        )

    def start(
        self, *words: str, stdin: int = subprocess.DEVNULL, **variables: str
    ) -> subprocess.Popen[str]:
        """Start it, and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-c", _SCRIPTS[self.name], *words],
            env={**os.environ, **variables},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def spawn(
        self, *words: str, typed: str | None = None, **variables: str
    ) -> Outcome:
        """Run it to its end, in a process of its own, as a user does."""
        return self._spawn(words, {**os.environ, **variables}, typed)

    def spawn_logged_out(self, *words: str) -> Outcome:
        """Run in a process of its own, without credentials."""
        known = self.cloud.environment
        return self._spawn(
            words, {k: v for k, v in os.environ.items() if k not in known}
        )

    def _spawn(
        self,
        words: tuple[str, ...],
        variables: ty.Mapping[str, str],
        typed: str | None = None,
    ) -> Outcome:
        ended = subprocess.run(
            [sys.executable, "-c", _SCRIPTS[self.name], *words],
            env=variables,
            input=typed or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=SOON,
        )
        return Outcome(ended.returncode, ended.stdout, ended.stderr)


class OpenStackCommand(Command):
    """The openstack command, also in this process."""

    name = "openstack"

    def run(
        self, *words: str, typed: str = "", **variables: str
    ) -> Outcome:
        """Run in this process: fast."""
        # It keeps its clients for the life of a process.
        for one in vars(clientmanager.ClientManager).values():
            if isinstance(one, clientmanager.ClientCache):
                one._handle = None
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        with contextlib.ExitStack() as stack:
            for place, other in (
                ("sys.stdin", io.StringIO(typed)),
                ("keyring.core._keyring_backend", None),
            ):
                stack.enter_context(fixtures.MonkeyPatch(place, other))
            for name, value in variables.items():
                stack.enter_context(fixtures.EnvironmentVariable(name, value))
            try:
                return _run(openstack.main, words)
            finally:
                root.handlers[:] = handlers
                root.setLevel(level)


class NovaCommand(Command):
    """The nova command, also in this process."""

    name = "nova"

    def _setUp(self) -> None:
        super()._setUp()
        # What novaclient and its extensions leave behind in a process.
        self.useFixture(
            fixtures.MonkeyPatch(
                "novaclient.base.HookableMixin._hooks_map", {}
            )
        )
        self.useFixture(
            fixtures.MonkeyPatch(
                "novaclient.shell.OpenStackComputeShell.get_base_parser",
                shell.OpenStackComputeShell.get_base_parser,
            )
        )

    def run(self, *words: str) -> Outcome:
        """Run in this process: fast, and hooks pile up as they may."""
        return _run(shell.main, words)


def _run(
    main: ty.Callable[[list[str]], ty.Any], words: tuple[str, ...]
) -> Outcome:
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        try:
            status = main(list(words)) or 0
        except SystemExit as exit_:
            status = exit_.code
    return Outcome(status, stdout.getvalue(), stderr.getvalue())
