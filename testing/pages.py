# SPDX-License-Identifier: Apache-2.0
"""The pages of the documentation, and what they say is typed in a terminal.

A fenced block of the language ``console`` is run as it stands: what follows
``$`` is typed, and what follows that must come of it. A comment right above
the block says where this does not hold::

    <!-- ends with 1 -->        the exit status of its last command
    <!-- killed -->             its first command dies once its POST has left
    <!-- not run: REASON -->    nothing of it is run
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
import subprocess
import typing as ty

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT: ty.Final = pathlib.Path(__file__).parents[1]
_LANGUAGE: ty.Final = "console"
_PROMPT: ty.Final = "$ "
_COMMENT: ty.Final = re.compile(r"<!-- (.*?) -->\s*", re.DOTALL)
_STATUS: ty.Final = re.compile(r"ends with (\d+)")
_NOT_RUN: ty.Final = "not run: "
_KILLED: ty.Final = "killed"


class NotUnderstoodError(Exception):
    """A block that is not written as the module's docstring says."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One command.

    :param command: as it is typed, with all its lines
    :param output: what the page says that it prints; empty if nothing
    """

    command: str
    output: str


@dataclasses.dataclass(frozen=True)
class Block:
    """A block of a page.

    :param place: the page and the line, to be named where it fails
    :param steps: its commands
    :param status: the exit status of the last one
    :param killed: whether the first one is killed
    :param left_out: why it is not run; empty if it is
    """

    place: str
    steps: tuple[Step, ...]
    status: int = 0
    killed: bool = False
    left_out: str = ""


def names() -> list[str]:
    """Return the pages that Git knows, by their paths below the root."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "*.md"], cwd=ROOT, text=True
    )
    return sorted(filter(None, listed.split("\0")))


def blocks(name: str) -> list[Block]:
    """Return the console blocks of a page, in their order.

    :param name: its path below the root
    :raises NotUnderstoodError: one is not written as it has to be
    """
    return parsed(name, (ROOT / name).read_text("utf-8"))


def parsed(name: str, text: str) -> list[Block]:
    """Return the console blocks of a text.

    :param name: what the text is called
    :param text: Markdown
    :raises NotUnderstoodError: a block is not written as it has to be
    """
    tokens = MarkdownIt().enable("table").parse(text)
    before: list[Token | None] = [None, *tokens]
    return [
        _block(f"{name}:{token.map[0] + 1}", token.content, _mark(above))
        for above, token in zip(before, tokens, strict=False)
        if token.type == "fence" and token.info == _LANGUAGE and token.map
    ]


def _mark(above: Token | None) -> str:
    """Return the comment right above a block, on one line."""
    if above is None or above.type != "html_block":
        return ""
    found = _COMMENT.fullmatch(above.content)
    return " ".join(found[1].split()) if found else ""


def _block(place: str, content: str, mark: str) -> Block:
    steps = tuple(_steps(place, content))
    if not mark:
        return Block(place, steps)
    if mark.startswith(_NOT_RUN) and mark != _NOT_RUN:
        return Block(place, steps, left_out=mark.removeprefix(_NOT_RUN))
    if mark == _KILLED:
        return Block(place, steps, killed=True)
    if status := _STATUS.fullmatch(mark):
        return Block(place, steps, status=int(status[1]))
    raise NotUnderstoodError(
        f"{place}: <!-- {mark} --> is no mark of a console block; "
        "testing/pages.py lists those there are"
    )


def _steps(place: str, content: str) -> ty.Iterator[Step]:
    lines = content.splitlines()
    if not lines or not lines[0].startswith(_PROMPT):
        raise NotUnderstoodError(
            f"{place}: a console block begins with {_PROMPT!r} and a command"
        )
    while lines:
        command = [lines.pop(0).removeprefix(_PROMPT)]
        while command[-1].endswith("\\") and lines:
            command.append(lines.pop(0))
        output = []
        while lines and not lines[0].startswith(_PROMPT):
            output.append(lines.pop(0).rstrip())
        yield Step("\n".join(command), "\n".join(output))
