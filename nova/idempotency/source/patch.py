# SPDX-License-Identifier: Apache-2.0
"""A patch in the form that ``git apply`` takes."""

from __future__ import annotations

import difflib
import os
import pathlib
import tempfile
import typing as ty

# What git calls a file that is not there, and the name of an empty one's text.
_NOWHERE = "/dev/null"
_EMPTY = "index 0000000..e69de29\n"
_NO_END = "\\ No newline at end of file\n"


class Change(ty.NamedTuple):
    """What becomes of a file.

    :param path: its path below the top folder
    :param before: its text, None for a new file
    :param after: its text with the patch
    """

    path: str
    before: str | None
    after: str


def text(introduction: str, changes: ty.Iterable[Change]) -> str:
    """Return a patch.

    :param introduction: what stands above the first difference
    :param changes: the changes; a file that stays as it is is left out
    """
    made = [
        difference(change)
        for change in sorted(changes)
        if change.before != change.after
    ]
    return "".join([introduction.rstrip("\n"), "\n\n", *made])


def difference(change: Change) -> str:
    """Return the part of a patch that is about one file.

    :param change: what becomes of it
    """
    ours, theirs = f"a/{change.path}", f"b/{change.path}"
    head = [f"diff --git {ours} {theirs}\n"]
    if change.before is None:
        head.append("new file mode 100644\n")
        ours = _NOWHERE
    if not change.after:
        return "".join([*head, _EMPTY])
    hunks = difflib.unified_diff(
        _lines(change.before or ""), _lines(change.after), ours, theirs
    )
    return "".join([*head, *map(_ended, hunks)])


def _lines(of: str) -> list[str]:
    # Not splitlines: only \n ends a line for git.
    return [line for line in of.replace("\n", "\n\0").split("\0") if line]


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n{_NO_END}"


def write(output: pathlib.Path, content: str) -> None:
    """Write a file, all of it or nothing.

    :param output: the file; one that is there is replaced
    :param content: its text
    :raises OSError: it cannot be written
    """
    number, name = tempfile.mkstemp(dir=output.parent, prefix=output.name)
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            file.write(content)
        # As an ordinary new file has it: mkstemp lets nobody else read.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, output)
    except BaseException:
        os.unlink(name)
        raise
