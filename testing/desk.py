# SPDX-License-Identifier: Apache-2.0
"""A user's desk: a terminal, a checkout, and the credentials for a cloud.

What the pages say is typed here. What they take for granted is there: the
variables ``AUTH_TOKEN`` and ``COMPUTE``, the file ``server.json``, and our
packages' commands; for an operator, also a ``nova.conf``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import typing as ty
import venv

from embedded import environment
from embedded import openrc
from embedded import ports
from embedded.ports import HOST
from embedded.relay import Relay
from embedded.services import NOVA
from testing.cloud import Cloud
from testing.cloud import TEMPLATES
from testing.pages import ROOT

# `make demo` takes longest; this is for a machine that has much else to do.
SECONDS = 900
_END = "--- end of a command ---"
# What a desk needs of the machine, besides what is installed with the tests.
_PROGRAMS = ("bash", "curl", "make", "openssl")
# In the gate, nothing may be skipped.
_REQUIRED = "TEST_REQUIRE_DATABASES"
# As an interactive shell says it.
_KILLED = "Killed\n"
# What is not in a checkout, or is the desk's own there.
_NOT_COPIED = shutil.ignore_patterns(
    ".git", ".tox", ".venv*", ".stestr", "__pycache__", "build", "var"
)


@dataclasses.dataclass(frozen=True)
class Typed:
    """What came of a command: its exit status, and all that it printed."""

    status: int
    output: str


def missing() -> str:
    """Return what has to be installed first; empty if nothing.

    :raises AssertionError: something has, and nothing may be skipped
    """
    lacking = [name for name in _PROGRAMS if shutil.which(name) is None]
    told = f"install {', '.join(lacking)}" if lacking else ""
    assert not (told and _REQUIRED in os.environ), told
    return told


class Desk:
    """The terminal; leaving the context ends its shell.

    :param cloud: the cloud
    :param folder: an empty one, for all that is there
    """

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._cloud = cloud
        self._checkout = folder / "checkout"
        shutil.copytree(ROOT, self._checkout, ignore=_NOT_COPIED)
        self._lay_environment()
        self._lay_home(folder / "home")
        self._host = _host(folder / "host")
        self._variables = self._environment(folder / "home")
        self._shell = subprocess.Popen(
            ["bash", "--norc"], cwd=self._checkout, env=self._variables,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> ty.Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._end()
        self._shell.communicate()

    def _end(self) -> None:
        """Kill the shell, and all that was started in it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGKILL)

    def _lay_environment(self) -> None:
        """Lay what make takes for installed: nobody needs it once more."""
        made = self._checkout / ".venv"
        made.mkdir()
        for part in Path(sys.prefix).iterdir():
            (made / part.name).symlink_to(part)
        for stamp in ("upstream", "ours"):
            (made / stamp).touch()
        template = self._checkout / "var" / "template"
        template.parent.mkdir()
        TEMPLATES.mkdir(parents=True, exist_ok=True)
        template.symlink_to(TEMPLATES)

    def _lay_home(self, home: Path) -> None:
        (home / ".nova").mkdir(parents=True)
        for file in self._cloud.site.etc(NOVA.name).iterdir():
            (home / ".nova" / file.name).symlink_to(file)
        # On a terminal there is none, either: the answer goes there.
        (home / ".curlrc").write_text("no-progress-meter\nnoproxy = *\n")
        body = self._cloud.server("web")
        network = {"uuid": self._cloud.network["id"]}
        body["server"]["networks"] = [network]
        (self._checkout / "server.json").write_text(json.dumps(body))

    def _environment(self, home: Path) -> dict[str, str]:
        chosen = ports.ephemeral().items()
        return {
            **environment.inherited(),
            **openrc.variables(self._cloud.site, openrc.DEMO),
            **{ports.variable(name): str(port) for name, port in chosen},
            "HOME": str(home),
            "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "XDG_STATE_HOME": str(home / "state"),
            # As on a terminal: what is written first comes first.
            "PYTHONUNBUFFERED": "1",
            # Of Eventlet, which tells each program that imports it.
            "PYTHONWARNINGS": "ignore",
            # What is installed here goes to a host of its own, and comes from
            # the checkout alone.
            "PIP_PYTHON": str(self._host),
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "AUTH_TOKEN": str(self._cloud.compute.get_token()),
            "COMPUTE": NOVA.url(self._cloud.site),
        }

    def type(self, command: str) -> Typed:
        """Type a command, and wait until it has ended.

        :param command: with all its lines
        :raises AssertionError: the shell ended first, or it takes too long
        """
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(
            f"{{ {command}\n}} < /dev/null\nprintf '\\n{_END} %s\\n' $?\n"
        )
        self._shell.stdin.flush()
        killer = threading.Timer(SECONDS, self._end)
        killer.start()
        lines: list[str] = []
        try:
            for line in self._shell.stdout:
                if line.startswith(_END):
                    return Typed(int(line.split()[-1]), "".join(lines))
                lines.append(line)
        finally:
            killer.cancel()
        raise AssertionError(f"{command}: the shell ended\n{''.join(lines)}")

    def killed(self, command: str) -> Typed:
        """Type a command, and kill it once its POST has left.

        :param command: with all its lines; the first word is the program
        """
        api = f"{HOST}:{self._cloud.site.ports[NOVA.name]}"
        with Relay(api) as relay:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self._checkout,
                env=self._variables | relay.variables(), text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                relay.wait_until_passed_on(SECONDS)
            finally:
                process.kill()
                output, _ = process.communicate()
        return Typed(process.returncode, output + _KILLED)


def _host(folder: Path) -> Path:
    """Return the Python of an environment to install something into.

    :param folder: where it is made
    """
    venv.create(folder, symlinks=True)
    site = sysconfig.get_path("purelib", "venv", {"base": str(folder)})
    # What pip builds with, and what ours need, is there already.
    (Path(site) / "borrowed.pth").write_text(
        f"{sysconfig.get_path('purelib')}\n"
    )
    return folder / "bin" / "python"
