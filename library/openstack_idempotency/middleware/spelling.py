# SPDX-License-Identifier: Apache-2.0
"""Turns the spellings of a path that an API accepts into a single one."""

from __future__ import annotations

import re
import typing as ty

from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.wsgi.lookup import COLLECTION

_NAMED = re.compile(r"\{\w+\}")


class Prefixed:
    """Turns paths that may have a project and a format into the table's form.

    A path may begin with the id of a project, and end with a format.

    :param operations: the table
    """

    def __init__(self, operations: ty.Iterable[Operation]) -> None:
        self._first = {row.path.split("/")[1] for row in operations}
        self._first.add(COLLECTION)

    def __call__(self, path: str) -> str:
        """Return a path as the table has it; others stay as they are.

        :param path: the path
        """
        _, *parts = path.split("/")
        if len(parts) > 1 and parts[0] not in self._first:
            del parts[0]
        parts[-1] = parts[-1].removesuffix(".json")
        return "/" + "/".join(parts) if parts[0] in self._first else path


class Spelling:
    """Turns paths with variant names of collections into the table's form.

    In a path, collections and ids alternate. For names of collections, dashes
    and underscores are the same, and what follows a dot does not count.

    :param operations: the table
    :param before: names that may stand before any path
    """

    def __init__(
        self, operations: ty.Iterable[Operation], before: ty.Collection[str]
    ) -> None:
        self._before = before
        self._known = {
            tuple(self._parts(row.path)[0::2]): row.path for row in operations
        }

    def __call__(self, path: str) -> str:
        """Return a path as the table has it; others stay as they are.

        :param path: the path
        """
        parts = self._parts(path)
        known = self._known.get(tuple(parts[0::2]))
        if known is None or len(parts) % 2 == 0:
            return path
        ids = iter(parts[1::2])
        return _NAMED.sub(lambda _: next(ids), known)

    def _parts(self, path: str) -> list[str]:
        parts = path.split("/")[1:]
        if len(parts) > 1 and parts[0] in self._before:
            del parts[0]
        parts[0::2] = [_plain(name) for name in parts[0::2]]
        return parts


def _plain(name: str) -> str:
    return name.partition(".")[0].replace("_", "-")
