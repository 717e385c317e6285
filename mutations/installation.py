# SPDX-License-Identifier: Apache-2.0
"""An installation that differs from the installed one in a few modules.

It is a folder of links to what is installed; only the changed modules are
files of its own. Whoever finds it first on the path imports from it. So two
proofs can run at a time, and one that is killed leaves nothing to restore.
"""

from __future__ import annotations

import contextlib
import importlib.util
import pathlib
import tempfile
import typing as ty

_PACKAGE = "nova"
_COMPILED = "__pycache__"


def root() -> pathlib.Path:
    """Return where packages are installed."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise LookupError(f"{_PACKAGE} is not installed.")
    return pathlib.Path(found.origin).parent.parent


@contextlib.contextmanager
def changed(sources: ty.Mapping[str, str]) -> ty.Iterator[pathlib.Path]:
    """Give the folder of an installation with changed modules.

    :param sources: their sources, by their paths below that folder
    """
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        top = pathlib.Path(folder)
        parts = {pathlib.PurePath(p).parts: s for p, s in sources.items()}
        for package in {path[0] for path in parts}:
            below = {p[1:]: s for p, s in parts.items() if p[0] == package}
            _mirror(root() / package, top / package, below)
        yield top


def _mirror(
    there: pathlib.Path,
    here: pathlib.Path,
    sources: ty.Mapping[tuple[str, ...], str],
) -> None:
    here.mkdir()
    names = {path[0] for path in sources}
    modules = {pathlib.PurePath(path[0]).stem for path in sources}
    for one in there.iterdir():
        if one.name == _COMPILED:
            _mirror_compiled(one, here / one.name, modules)
        elif one.name not in names:
            (here / one.name).symlink_to(one)
    for name in names:
        deeper = {
            path[1:]: s for path, s in sources.items() if path[0] == name
        }
        if () in deeper:
            (here / name).write_text(deeper[()])
        else:
            _mirror(there / name, here / name, deeper)


def _mirror_compiled(
    there: pathlib.Path, here: pathlib.Path, without: ty.Collection[str]
) -> None:
    # What is compiled of a changed module is not what it says now.
    here.mkdir()
    for one in there.iterdir():
        if one.name.partition(".")[0] not in without:
            (here / one.name).symlink_to(one)
