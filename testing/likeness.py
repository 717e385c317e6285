# SPDX-License-Identifier: Apache-2.0
"""Whether a command printed what a page says, but for what differs each time.

In the page's text, ``...`` stands for any text of a line, and alone on a line
for any lines. Ids, times, passwords and the like may be others than the
page's. But where two of the page's are the same, or differ, so must the two
that were printed: a page that shows the first answer twice is only right if
the second answer is the first one.
"""

from __future__ import annotations

import dataclasses
import re
import typing as ty

_ANY: ty.Final = "..."


@dataclasses.dataclass(frozen=True)
class _Kind:
    """Something that differs each time.

    :param core: what it looks like
    :param before: what it follows
    :param tells: whether equal ones mean that they are the same
    """

    core: str
    before: str = ""
    tells: bool = True


_KINDS: ty.Final = (
    _Kind(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    _Kind(r"[0-9a-f]{32}"),
    _Kind(r"[0-9a-f]{8}", before=r"(?<=remembered as )"),
    _Kind(r"\w+", before=r'(?<="adminPass": ")'),
    _Kind(r"\w+", before=r"(?<=\| adminPass \| )"),
    _Kind(r"http://[\w.-]+:\d+"),
    _Kind(
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?",
        tells=False,
    ),
    _Kind(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", tells=False),
    _Kind(r" *\d+(?:\.\d+)? s(?=\b)", tells=False),
)
_VALUE: ty.Final = re.compile(
    "|".join(f"{kind.before}({kind.core})" for kind in _KINDS)
)


class Likeness:
    """Compares what one page says with what was printed.

    What a value of the page stands for is remembered from block to block.
    """

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def difference(self, page: str, printed: str) -> str:
        """Return what is not as the page says; empty if all is.

        :param page: the output that the page shows
        :param printed: what was printed
        """
        pattern, values = _pattern(page)
        found = pattern.fullmatch(_plain(printed))
        if found is None:
            return f"The page says:\n{page}\nPrinted was:\n{printed}"
        for said, came in zip(values, found.groups(), strict=True):
            if said is not None and not self._same(said, came):
                return (
                    f"What is {said} in the page is {came} now, and was "
                    f"something else before:\n{printed}"
                )
        return ""

    def _same(self, said: str, came: str) -> bool:
        if said in self._seen:
            return self._seen[said] == came
        new = came not in self._seen.values()
        self._seen[said] = came
        return new


def _plain(text: str) -> str:
    """Return a text as it is compared: without spaces at ends of lines."""
    lines = text.replace("\r", "").splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines).strip("\n") + "\n"


def _pattern(page: str) -> tuple[re.Pattern[str], list[str | None]]:
    """Return what must match, and the value of each of its groups.

    The value is None where it does not matter which one it is.
    """
    parts: list[str] = []
    values: list[str | None] = []
    for line in _plain(page).splitlines():
        if line == _ANY:
            parts.append(r"(?:.*\n)*?")
            continue
        end = 0
        for found in _VALUE.finditer(line):
            kind = _KINDS[(found.lastindex or 0) - 1]
            parts += [_literal(line[end : found.start()]), f"({kind.core})"]
            values.append(found[0] if kind.tells else None)
            end = found.end()
        parts += [_literal(line[end:]), r"\n"]
    return re.compile("".join(parts)), values


def _literal(text: str) -> str:
    return ".*?".join(map(re.escape, text.split(_ANY)))
