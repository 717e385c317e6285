# SPDX-License-Identifier: Apache-2.0
"""The statements that the library sends, and the places that send them."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import os
import pathlib
import sys
import typing as ty

import sqlalchemy as sa

from openstack_idempotency import sql

_OURS = "openstack_idempotency/sql"
# What makes the tables, finds out what the server can do, and connects; and
# what asks for rows of the service, by their primary keys.
_OTHERS = (
    "migration.py",
    "capability.py",
    "connections.py",
    "surviving.py",
    "statements.py",
)
_SERVERS = ("sqlite", "mysql", "postgresql")
# How the library sends a statement.
_SENDS = ("_read", "execute", "scalars")
_Place = tuple[str, int]
TABLES = "client_token"


@dataclasses.dataclass(frozen=True)
class Sent:
    """A statement, with the values of one time that it was sent."""

    text: str
    values: ty.Any


class Collector:
    """Notes each statement of ours once, whatever engine it goes to."""

    def __init__(self) -> None:
        self.sent: dict[str, Sent] = {}
        self.places: set[_Place] = set()

    def note(
        self,
        connection: ty.Any,
        cursor: ty.Any,
        statement: str,
        parameters: ty.Any,
        *rest: ty.Any,
    ) -> None:
        text = statement.rpartition("; ")[2]
        places = _places_of_the_library()
        self.places.update(places)
        words = text.split(None, 1)
        reads = words[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")
        if reads and TABLES in text and places:
            self.sent.setdefault(text, Sent(text, parameters))

    @contextlib.contextmanager
    def listening(self) -> ty.Iterator[None]:
        hook = sa.Engine, "before_cursor_execute", self.note
        sa.event.listen(*hook)
        try:
            yield
        finally:
            sa.event.remove(*hook)


def _places_of_the_library() -> list[_Place]:
    """Return where the library asks, if it does, and not a test."""
    frame: ty.Any = sys._getframe(2)
    places = []
    while frame is not None:
        folder, name = os.path.split(frame.f_code.co_filename)
        if folder.endswith(_OURS) and name not in _OTHERS:
            places.append((name, frame.f_lineno))
        elif name in _OTHERS or "/tests/" in folder:
            break
        frame = frame.f_back
    return places


def unused(places: ty.Collection[_Place], backend: str) -> list[str]:
    """Return the places that send a statement to a server, and have not."""
    unused = []
    for path in pathlib.Path(sql.__file__).parent.glob("*.py"):
        if path.name in _OTHERS:
            continue
        lines = {line for name, line in places if name == path.name}
        for node in _sending(ast.parse(path.read_text()), backend):
            if lines.isdisjoint(range(node.lineno, node.end_lineno + 1)):
                unused.append(f"{path.name}:{node.lineno}")
    return unused


def _sending(node: ast.AST, backend: str) -> ty.Iterator[ty.Any]:
    is_call = isinstance(node, ast.Call)
    if is_call and getattr(node.func, "attr", "") in _SENDS:  # type: ignore[attr-defined]
        yield node
    for child in ast.iter_child_nodes(node):
        servers = _servers(child)
        if not servers or backend in servers:
            yield from _sending(child, backend)
        if backend in servers:
            return  # what comes then is for the other servers


def _servers(node: ast.AST) -> set[str]:
    """Return for which servers a branch is that ends its function."""
    if not isinstance(node, ast.If) or not isinstance(
        node.body[-1], ast.Return
    ):
        return set()
    return {one for one in _SERVERS if f"== '{one}'" in ast.unparse(node.test)}
