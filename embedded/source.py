# SPDX-License-Identifier: Apache-2.0
"""Nova from a source tree that carries the patch, instead of PyPI's.

It is built and installed into a folder of its own, which goes first on the
path of the services; so the tree and the environment stay as they are.
"""
from __future__ import annotations

from contextlib import AbstractContextManager
import dataclasses
import importlib.metadata
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
import typing as ty

from embedded.errors import StackError
from embedded.site import Site

Step = ty.Callable[[str], AbstractContextManager[None]]

REPOSITORY = Path(__file__).parents[1]
#: The adapter that a tree requires, and below it the library: our own.
OURS = (REPOSITORY / "library", REPOSITORY)
# What a tree has that carries our modules itself.
_CARRIED = Path("nova", "idempotency", "__init__.py")
# What builds and runs leave behind, but not .git: it tells the version.
_NOT_COPIED = shutil.ignore_patterns(
    *(".tox", ".venv*", ".mypy_cache", ".stestr", "__pycache__"),
    *("build", "var"),
)
_TAIL = 15


class SourceError(StackError):
    """A source tree that cannot be installed."""


def installed(site: Site, nova: Path | None, step: Step) -> Site:
    """Return a site whose Nova is installed from a tree, if one is named.

    :param site: the site
    :param nova: the tree
    :param step: tells what is done
    :raises SourceError: the tree cannot be installed, or is of another
        release than the environment's libraries
    """
    if nova is None:
        return site
    into = site.state / "source"
    with step("nova from its source"):
        install(nova, into)
        _check_release(nova, into)
    return dataclasses.replace(site, source=into)


def install(source: Path, into: Path) -> None:
    """Install a tree of Nova, and what it requires of ours.

    :param source: the tree
    :param into: the folder, emptied before
    :raises SourceError: it cannot be built
    """
    if not (source / "nova" / "version.py").is_file():
        raise SourceError(f"{source} is not a source tree of Nova.")
    shutil.rmtree(into, ignore_errors=True)
    carried = (source / _CARRIED).exists()
    with tempfile.TemporaryDirectory(prefix="source-") as folder:
        trees = (source,) if carried else (source, *OURS)
        # A build leaves files in its tree.
        copies = [
            shutil.copytree(
                tree, Path(folder, str(number)), ignore=_NOT_COPIED
            )
            for number, tree in enumerate(trees)
        ]
        _pip("--target", into, *copies)


def _pip(*arguments: str | Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet"),
            *("--no-deps", "--no-build-isolation", *arguments),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        tail = "\n    ".join(done.stderr.splitlines()[-_TAIL:])
        raise SourceError(f"pip failed; its output ends with:\n    {tail}")


def _check_release(source: Path, into: Path) -> None:
    (there,) = importlib.metadata.distributions(name="nova", path=[str(into)])
    here = importlib.metadata.version("nova")
    if _major(there.version) != _major(here):
        raise SourceError(
            f"{source} is Nova {there.version}, but the libraries are those "
            f"of Nova {here}: name a tree of that release."
        )


def _major(version: str) -> str:
    return version.partition(".")[0]


def paste(installed: Path) -> str:
    """Return upstream's api-paste.ini, as the tree has it.

    :param installed: where the tree was installed
    """
    return (installed / "etc" / "nova" / "api-paste.ini").read_text()
