# SPDX-License-Identifier: Apache-2.0
"""The header of client tokens in Nova's API reference."""

from __future__ import annotations

import itertools
import re
import typing as ty

from nova.idempotency import operations
from nova.idempotency.source.tree import Unfit

FOLDER = "api-ref/source"
PARAMETERS = f"{FOLDER}/parameters.yaml"
INDEX = f"{FOLDER}/index.rst"
#: A section of our own, and the one of Nova's that it stands below.
SECTION = f"{FOLDER}/client-tokens.inc"
_SECTION_BEFORE = ".. include:: request-ids.inc\n"

# Parameters are in order of their names, first those in headers.
_NEXT_PARAMETER = "x-compute-request-id_resp:\n"

_METHOD = ".. rest_method:: "
_PARAMETER = re.compile(r"  - (\S+): ")
_ACTION = re.compile(r"\((\S+) Action\)")
_IN_PATH = re.compile(r"\{[^}]*\}")
_REFERENCE = "  - X-Client-Token: x-client-token_req\n"


def with_parameters(text: str, parameters: str) -> str:
    """Return parameters.yaml with the headers.

    :param text: its text
    :param parameters: the headers, in the same form
    :raises Unfit: it does not have the headers that Nova's has
    """
    return _inserted(text, PARAMETERS, parameters, before=_NEXT_PARAMETER)


def with_section(text: str) -> str:
    """Return the index with a section about client tokens.

    :param text: its text
    :raises Unfit: it does not have the sections that Nova's has
    """
    include = f".. include:: {SECTION.rpartition('/')[2]}\n"
    return _inserted(text, INDEX, include, after=_SECTION_BEFORE)


def _inserted(
    text: str, path: str, more: str, *, before: str = "", after: str = ""
) -> str:
    start, near, end = text.partition(before or after)
    if not near:
        raise Unfit(f"{path} has no line {before or after!r}. Repair it.")
    return f"{start}{more}{near}{end}" if before else start + near + more + end


def with_header(text: str, table: ty.Iterable[operations.Operation]) -> str:
    """Return a page on which operations of a table take the header.

    An operation whose request is described without a list of parameters
    stays as it is.

    :param text: the page
    :param table: the operations
    """
    taken = {(_general(row.path), row.action) for row in table}
    lines = text.splitlines(keepends=True)
    starts = [n for n, line in enumerate(lines) if line.startswith(_METHOD)]
    insertions = []
    for start, end in itertools.pairwise([*starts, len(lines)]):
        verb, _, path = lines[start][len(_METHOD) :].strip().partition(" ")
        first, names = _request(lines, start, end)
        if verb != "POST" or first is None:
            continue
        actions = {*names, *(_titled(lines, start) or [None])}
        posts = {(_general(path), action) for action in actions}
        if posts & taken:
            insertions.append(first)
    for at in reversed(insertions):
        lines.insert(at, _REFERENCE)
    return "".join(lines)


def _general(path: str) -> str:
    return _IN_PATH.sub("{}", path)


def _titled(lines: list[str], start: int) -> list[str] | list[None]:
    """Return the action that the title above a method names, if any."""
    for before, line in zip(
        reversed(lines[: start - 1]), reversed(lines[1:start]), strict=True
    ):
        if line.startswith("==="):
            return _ACTION.findall(before)
    return []


def _request(
    lines: list[str], start: int, end: int
) -> tuple[int | None, list[str]]:
    """Return the line of the first parameter of a request, and all names."""
    inside = False
    first, names = None, []
    for number in range(start, end):
        line = lines[number]
        if lines[number + 1 : number + 2] and lines[number + 1][:3] == "---":
            inside = line.startswith("Request")
        parameter = _PARAMETER.match(line)
        if inside and parameter:
            first = number if first is None else first
            names.append(parameter[1])
    return first, names
