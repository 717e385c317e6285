# SPDX-License-Identifier: Apache-2.0
"""A Python environment with Nova: what is installed on one host."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
import shutil
import subprocess
import sys
import sysconfig
import typing as ty

#: The distributions of ours that an API host has.
OURS: ty.Final = ("nova-idempotency", "openstack-idempotency")
#: Their sources, in the checkout.
_CHECKOUT = Path(__file__).parents[1]
_SOURCES = (_CHECKOUT / "library", _CHECKOUT)
_NOT_COPIED = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "docs", "var"
)
_SHARED = "nova"  # the folder that upstream's files and ours are in
_LIBRARY = Path(sysconfig.get_path("purelib", "venv", {"base": ""})[1:])
_SECONDS = 600


def wheels(into: Path) -> list[Path]:
    """Build those of ours, without a network, and return them.

    :param into: a folder for them, and for copies of their sources
    """
    for number, source in enumerate(_SOURCES):
        # A build writes beside its source.
        copy = into / f"source-{number}"
        shutil.copytree(source, copy, ignore=_NOT_COPIED)
        command = ["wheel", "--no-deps", "--no-build-isolation"]
        _pip(*command, "--wheel-dir", str(into), str(copy))
    return sorted(into.glob("*.whl"))


class Installation:
    """An environment.

    :param root: where it is
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def here(cls) -> Installation:
        """Return the one that runs us."""
        return cls(Path(sys.prefix))

    def stock(self, into: Path, *more: Path) -> Installation:
        """Return a copy without ours, to install things into.

        It is made of links; but in the folder that upstream's files and ours
        share, each file has one of its own. pip replaces files, and never
        writes into one: so this one stays as it is.

        :param into: a folder that is not there, on the same file system
        :param more: what else its site-packages have
        """
        libraries = into / _LIBRARY
        libraries.mkdir(parents=True)
        for path in (self.root / _LIBRARY).iterdir():
            if path.name != _SHARED and not _is_ours(path.name):
                (libraries / path.name).symlink_to(path)
        for path in more:
            (libraries / path.name).symlink_to(path)
        self._share(libraries / _SHARED)
        (into / "etc").symlink_to(self.root / "etc")
        shutil.copytree(self.root / "bin", into / "bin", symlinks=True)
        shutil.copy(self.root / "pyvenv.cfg", into)
        return Installation(into)

    def _share(self, into: Path) -> None:
        there = self.root / _LIBRARY
        found = importlib.metadata.distributions(path=[str(there)])
        ours = {
            there / file
            for each in found
            if each.name in OURS
            for file in each.files or ()
        }
        shutil.copytree(
            there / _SHARED,
            into,
            copy_function=os.link,
            ignore=lambda folder, names: [
                name for name in names if Path(folder, name) in ours
            ],
        )

    @property
    def nova(self) -> str:
        """The version of its Nova."""
        (nova,) = importlib.metadata.distributions(
            name=_SHARED, path=[str(self.root / _LIBRARY)]
        )
        return nova.version

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.root / "bin" / "python")

    @property
    def paste(self) -> str:
        """Upstream's api-paste.ini."""
        return (self.root / "etc" / "nova" / "api-paste.ini").read_text()

    def script(self, name: str, *arguments: str) -> list[str]:
        """Return a command that runs one of its scripts.

        :param name: the script
        :param arguments: its arguments
        """
        # A script names the interpreter for which it was first installed.
        return [self.python, str(self.root / "bin" / name), *arguments]

    def install(self, *files: Path) -> None:
        """Install wheels, and nothing that they ask for.

        :param files: the wheels
        """
        into = ("--python", self.python, "install", "--no-index")
        _pip(*into, "--no-deps", *map(str, files))

    def uninstall(self) -> None:
        """Take all of ours away."""
        _pip("--python", self.python, "uninstall", "--yes", *OURS)

    @property
    def has_ours(self) -> bool:
        """Whether anything of ours is there."""
        there = self.root / _LIBRARY
        left = [
            *filter(_is_ours, os.listdir(there)),
            *there.glob(f"{_SHARED}/idempotency"),
            *there.glob(f"{_SHARED}/openstack"),
        ]
        return bool(left)


def _is_ours(name: str) -> bool:
    known = [each.replace("-", "_") for each in OURS]
    return name in known or name.startswith(tuple(f"{k}-" for k in known))


def _pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", *arguments],
        check=False,
        # What it says is installed is not what is installed there.
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"pip {' '.join(arguments)}: {done.stderr}")
