# SPDX-License-Identifier: Apache-2.0
"""A table of operations, and which row of it a request asks for."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as ty

from oslo_log import log as logging
import webob

from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind

LOG = logging.getLogger(__name__)

_NAMED = re.compile(r"\{(\w+)\}")


@dataclasses.dataclass(frozen=True)
class Case:
    """An answer that is to be made again.

    :param req: the retry
    :param resources: what is bound to the token
    :param named: what the path names
    :param get: asks the service for a path below the version, as the caller
    """

    req: webob.Request
    resources: ty.Sequence[Resource]
    named: ty.Mapping[str, str]
    get: ty.Callable[[str], webob.Response | None]


Rebuild = ty.Callable[[Case], webob.Response | None]
Most = ty.Callable[[webob.Request], int | None]


def _unknown(req: webob.Request) -> int | None:
    return None


@dataclasses.dataclass(frozen=True)
class Operation:
    """One POST of a service.

    :param path: its path below the version, with ``{name}`` for what varies
    :param kind: what it is linked to (protocol section 5), if it is
    :param rebuild: makes its answer again, for one that is linked
    :param why: why it is not linked, if it is not
    :param left_out: why it ignores tokens, None if it does not (section 7)
    :param action: the only key of its body, if that says which of a path's
        operations is asked for
    :param most: tells how many resources a request asks for, if the service
        may run its own method again after a commit; None if that is unknown
    """

    path: str
    kind: Kind | Change | None = None
    rebuild: Rebuild | None = None
    why: str = ""
    left_out: str | None = None
    action: str | None = None
    most: Most = _unknown

    def __str__(self) -> str:
        return f"POST {self.name}"

    @property
    def name(self) -> str:
        """Its path and, if it has one, its action."""
        return f"{self.path} {self.action or ''}".rstrip()

    def rebuilt(self, case: Case) -> webob.Response | None:
        """Return its answer made again, None if that is not possible.

        :param case: the answer that is to be made again
        :raises errors.Unavailable: the service cannot tell for now
        """
        if self.rebuild is None:
            return None
        try:
            return self.rebuild(case)
        except (AttributeError, LookupError, TypeError, ValueError) as exc:
            # What the service shows now does not fit what was asked for then.
            # Raised further, it would be a 500 for each retry.
            LOG.warning(
                "Could not rebuild the answer of %s (%s): what the service "
                "shows of it is not in the form that is expected.",
                self,
                type(exc).__name__,
            )
            return None


#: The operation of a request that no row describes.
OTHER: ty.Final = Operation("another path", why="not known")


class Table:
    """Finds the row of a request.

    :param operations: the rows
    """

    def __init__(self, operations: ty.Iterable[Operation]) -> None:
        # Literal segments come before those that vary.
        rows = sorted(operations, key=lambda row: _NAMED.sub("\x7f", row.path))
        self._rows = [(_pattern(row.path), row) for row in rows]

    def takes(self, path: str) -> bool:
        """Tell whether a path takes tokens, at least with some bodies.

        :param path: the path below the version
        """
        rows = [row for row, _ in self._at(path)]
        return not rows or any(
            row.left_out is None or row.action is not None for row in rows
        )

    def find(
        self, path: str, body: bytes
    ) -> tuple[Operation, ty.Mapping[str, str]]:
        """Return the row of a request, and what its path names.

        A request that no row describes is an operation that is not linked:
        the service may have been extended.

        :param path: the path below the version
        :param body: its body, which is read where it names an action
        """
        rows = [*self._at(path)]
        named_so = any(row.action is not None for row, _ in rows)
        action = _action(body) if named_so else None
        for row, named in rows:
            if row.action in (None, action):
                return row, named
        return OTHER, {}

    def _at(
        self, path: str
    ) -> ty.Iterator[tuple[Operation, ty.Mapping[str, str]]]:
        for pattern, row in self._rows:
            found = pattern.fullmatch(path)
            if found:
                yield row, found.groupdict()


def _action(body: bytes) -> str | None:
    """Return the only key of a body, None if it does not have just one."""
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(decoded, dict) or len(decoded) != 1:
        return None
    (name,) = decoded
    return str(name)


def _pattern(path: str) -> re.Pattern[str]:
    parts = _NAMED.split(path)
    # Every second part is a name.
    parts[0::2] = map(re.escape, parts[0::2])
    parts[1::2] = (f"(?P<{name}>[^/]+)" for name in parts[1::2])
    return re.compile("".join(parts))
