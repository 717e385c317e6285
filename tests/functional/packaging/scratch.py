# SPDX-License-Identifier: Apache-2.0
"""A virtual environment with upstream's Nova, to install something into."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import typing as ty
import venv

import fixtures

from tests.functional.packaging import builds

# What Nova itself needs is borrowed from the environment that runs the tests.
_BORROWED = "borrowed.pth"


def upstream() -> list[importlib.metadata.PackagePath]:
    """Return the files of upstream's distribution, as its RECORD says."""
    return importlib.metadata.distribution("nova").files or []


class Scratch(fixtures.Fixture):
    """An environment with nothing but the files of upstream's nova."""

    def _setUp(self) -> None:
        folder = self.useFixture(fixtures.TempDir()).path
        self.root = pathlib.Path(folder).resolve() / "env"
        venv.create(self.root, symlinks=True)
        self.python = self.root / "bin" / "python"
        self.site = pathlib.Path(
            sysconfig.get_path("purelib", "venv", {"base": str(self.root)})
        )
        for path in upstream():
            copy = self.site / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            # With its time of change, which its bytecode names.
            shutil.copy2(path.locate(), copy)

    def contents(self) -> dict[str, str]:
        """Return a digest of each file; folders are there with none."""
        return {
            str(path.relative_to(self.root)): _digest(path)
            for path in self.root.rglob("*")
        }

    def pip(self, *arguments: str | pathlib.Path) -> None:
        """Run the tests' own pip on this environment."""
        command = ["-m", "pip", "--python", self.python, *arguments]
        _run(sys.executable, *command)

    def install(self, wheel: pathlib.Path) -> None:
        """Install a wheel, and nothing that it asks for.

        :param wheel: its file
        """
        self.pip("install", "--no-deps", "--no-index", wheel)

    def borrow(self) -> None:
        """Let Python see the running environment's packages, after these."""
        borrowed = sysconfig.get_path("purelib")
        (self.site / _BORROWED).write_text(f"{borrowed}\n")

    def run(self, *arguments: str) -> str:
        """Return what a command of this environment prints.

        :param arguments: the command's name, and its arguments
        """
        name, *others = arguments
        return _run(self.root / "bin" / name, *others, cwd=self.root)

    def ask(self, code: str, *arguments: str) -> ty.Any:
        """Return what code prints as JSON in this environment.

        :param code: Python, with ``sys`` and ``json`` imported
        :param arguments: what it finds in ``sys.argv[1:]``
        """
        program = f"import json, sys\n{code}"
        return json.loads(self.run("python", "-c", program, *arguments))


def _digest(path: pathlib.Path) -> str:
    if not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run(*command: str | pathlib.Path, cwd: pathlib.Path | None = None) -> str:
    # Bytecode would make an environment differ that nobody has changed.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=builds.SECONDS,
    )
    if done.returncode:
        raise AssertionError(f"{command}: {done.stderr}")
    return done.stdout
