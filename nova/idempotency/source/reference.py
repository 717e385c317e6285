# SPDX-License-Identifier: Apache-2.0
"""The header of client tokens in Nova's API reference."""

from __future__ import annotations

import itertools
import re
import typing as ty

from nova.idempotency import operations
from nova.idempotency.source import order
from nova.idempotency.source.tree import Unfit

FOLDER = "api-ref/source"
PARAMETERS = f"{FOLDER}/parameters.yaml"
INDEX = f"{FOLDER}/index.rst"
#: Sections of our own, and the ones of Nova's that they stand below.
HEADERS = f"{FOLDER}/client-tokens.inc"
LOOKUP = f"{FOLDER}/os-client-tokens.inc"
_SECTIONS = {
    HEADERS: "request-ids.inc",
    LOOKUP: "os-availability-zone.inc",
}

# A parameter: its name, and all lines up to the next one or a comment on it.
_DESCRIBED = re.compile(r"^([^\s#:]+):.*\n(?:(?:[ \t].*)?\n)*", re.MULTILINE)
_PLACE = re.compile(r"^  in: (\w+)", re.MULTILINE)

_METHOD = ".. rest_method:: "
_PARAMETER = re.compile(r"  - (\S+): ")
_ACTION = re.compile(r"\((\S+) Action\)")
_IN_PATH = re.compile(r"\{[^}]*\}")
_REFERENCE = "  - X-Client-Token: x-client-token_req\n"


def with_parameters(text: str, parameters: str) -> str:
    """Return parameters.yaml with our parameters added.

    They are in order of their names, those in headers apart from those in
    queries and so on.

    :param text: its text
    :param parameters: the others, in the same form
    :raises Unfit: it does not have the places that Nova's has
    """
    for one in _DESCRIBED.finditer(parameters):
        kind = _kind(one)
        there = {
            each[1]: each
            for each in _DESCRIBED.finditer(text)
            if _kind(each) == kind
        }
        following = order.following(["", *there], one[1])
        if following is None:
            raise Unfit(
                f"{PARAMETERS} has no place for {one[1]}. Repair the tree."
            )
        at = there[following].start()
        text = f"{text[:at]}{one[0].rstrip()}\n{text[at:]}"
    return text


def _kind(parameter: re.Match[str]) -> str | None:
    found = _PLACE.search(parameter[0])
    return found and found[1]


def with_sections(text: str) -> str:
    """Return the index with our sections.

    :param text: its text
    :raises Unfit: it does not have the sections that Nova's has
    """
    for path, before in _SECTIONS.items():
        start, near, end = text.partition(_include(before))
        if not near:
            raise Unfit(f"{INDEX} does not include {before}. Repair it.")
        text = start + near + _include(path.rpartition("/")[2]) + end
    return text


def _include(name: str) -> str:
    return f".. include:: {name}\n"


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
