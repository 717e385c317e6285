# SPDX-License-Identifier: Apache-2.0
"""The order of imports, as OpenStack's hacking rules want it (H306)."""

from __future__ import annotations

import ast
import itertools
import typing as ty

from nova.idempotency.source.module import Import
from nova.idempotency.source.module import names


def key(statement: Import) -> str:
    """Return what hacking compares: the full name, without letter case.

    Source: hacking.checks.imports.hacking_import_alphabetical.

    :param statement: an import of one name
    """
    _, full = next(iter(names(statement)))
    return full.lower()


def following(names: ty.Sequence[str], name: str) -> str | None:
    """Return the name before which a new one goes, None if there is no place.

    It goes between two names in alphabetical order. Nova's lists are not in
    order throughout: of several places, the one whose names begin most like
    the new one is taken.

    :param names: the names
    :param name: the new one
    """
    places = [
        pair for pair in itertools.pairwise(names) if pair[0] < name < pair[1]
    ]
    if not places:
        return None
    _, after = max(
        places, key=lambda pair: sum(_shared(name, one) for one in pair)
    )
    return after


def _shared(one: str, other: str) -> int:
    """Return how many letters two names have in common at the start."""
    same = itertools.takewhile(
        lambda pair: pair[0] == pair[1], zip(one, other, strict=False)
    )
    return len([*same])


def added(text: str, package: str, name: str) -> str:
    """Return a module's text with one more import.

    It goes to the last block of imports, which has the project's own.

    :param text: the module, with imports
    :param package: where the name comes from
    :param name: the name
    """
    lines = text.splitlines(keepends=True)
    *_, block = blocks(ast.parse(text))
    at = block[0].lineno - 1
    for each in block:
        if key(each) < f"{package}.{name}".lower():
            at = each.end_lineno or at
    lines.insert(at, f"from {package} import {name}\n")
    return "".join(lines)


def blocks(module: ast.Module) -> list[list[Import]]:
    """Return the imports at the top level, those without a gap together.

    :param module: a parsed module
    """
    found: list[list[Import]] = []
    for before, each in itertools.pairwise([None, *module.body]):
        if not isinstance(each, Import) or _future(each):
            continue
        near = (
            isinstance(before, Import)
            and not _future(before)
            and before.end_lineno == each.lineno - 1
        )
        if near:
            found[-1].append(each)
        else:
            found.append([each])
    return found


def _future(statement: Import) -> bool:
    return getattr(statement, "module", None) == "__future__"


def sorted_(text: str) -> str:
    """Return a module's text with each block of imports in order.

    :param text: the module
    """
    lines = text.splitlines(keepends=True)
    for block in blocks(ast.parse(text)):
        start, end = block[0].lineno - 1, block[-1].end_lineno
        moved = [
            "".join(lines[each.lineno - 1 : each.end_lineno])
            for each in sorted(block, key=key)
        ]
        lines[start:end] = "".join(moved).splitlines(keepends=True)
    return "".join(lines)
