# SPDX-License-Identifier: Apache-2.0
"""By which request, and after what, a worker comes to each fault point."""

from __future__ import annotations

import dataclasses
import typing as ty

from chaos.client import Operation
from chaos.client import SERVER
from chaos.operations import GROUPED
from chaos.operations import TOO_MANY_FOR_A_GROUP
from chaos.sabotage import Commit
from openstack_idempotency.engine.points import Point

_BOOT = SERVER.body["server"]
#: Nova refuses it with a 400, and has made nothing.
REFUSED = dataclasses.replace(
    SERVER,
    body={"server": {**_BOOT, "flavorRef": "no such flavor"}},
    refusal=400,
)


@dataclasses.dataclass(frozen=True)
class Scene:
    """A request that comes to a point.

    :param point: the point
    :param operation: what is asked for
    :param left: where the worker that had the token before has died; None
        if nobody had it
    """

    point: Point | Commit
    operation: Operation = SERVER
    left: Point | None = None

    @property
    def name(self) -> str:
        """What the tests of it are called."""
        after = "" if self.left is None else f" left {self.left.value}"
        return f"{self.point.value}{after}"


def _scenes() -> ty.Iterator[Scene]:
    for point in (
        Point.BEFORE_CLAIM,
        Point.CLAIMING,
        Point.AFTER_CLAIM,
        Point.BEFORE_METHOD,
        Point.EXTENDING,
        Point.PURGING,
        Point.MARKING,
        Point.BEFORE_LINK,
        Point.BEFORE_COMMIT,
        Point.AFTER_METHOD,
        Point.BEFORE_SETTLE,
        Point.COMPLETING,
        Point.AFTER_SETTLE,
        Point.BEFORE_ANSWER,
    ):
        yield Scene(point)
    # With one of two servers committed.
    yield Scene(Point.AFTER_COMMIT, GROUPED)
    # Nova counts a group's members after it has committed each of them.
    yield Scene(Point.BEFORE_CLEANUP, TOO_MANY_FOR_A_GROUP)
    yield Scene(Point.FREEING, REFUSED)
    # Its row is not deleted, since another request held it, too.
    yield Scene(Point.FREEING, REFUSED, left=Point.AFTER_CLAIM)
    # With nothing committed the request runs again.
    for point in (
        Point.BEFORE_TAKEOVER,
        Point.RERUNNING,
        Point.AFTER_TAKEOVER,
    ):
        yield Scene(point, left=Point.AFTER_CLAIM)
    # Else what is committed is withdrawn, and undone, before it runs again.
    # The group has room for no more than one request makes.
    for point in (
        Point.BEFORE_TAKEOVER,
        Point.RECOVERING,
        Point.AFTER_TAKEOVER,
    ):
        yield Scene(point, GROUPED, left=Point.AFTER_COMMIT)
    for undoing in (
        Point.WITHDRAWING,
        Point.BEFORE_UNDO,
        Point.AFTER_UNDO,
        WITHDRAWN,
        UNDONE,
    ):
        yield Scene(undoing, GROUPED, left=Point.AFTER_METHOD)
    # All of it is done, and locked, but not committed.
    yield RERUN


#: The ends of transactions: of the takeover of what left nothing, and of the
#: withdrawal, which the takeover comes before, and what was to be undone.
RERUN = Scene(Commit(1), left=Point.AFTER_CLAIM)
WITHDRAWN = Commit(2)
UNDONE = Commit(3)
#: All of them, by their names.
SCENES = {scene.name: scene for scene in _scenes()}
#: While a worker stands still there, nobody can take its token over: its
#: transaction has the token's row.
LOCKED = frozenset(
    {
        Point.EXTENDING,
        Point.BEFORE_COMMIT,
        Point.RERUNNING,
        Point.RECOVERING,
        Point.WITHDRAWING,
        RERUN.point,
        WITHDRAWN,
        UNDONE,
    }
)
