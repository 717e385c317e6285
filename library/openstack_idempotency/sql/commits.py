# SPDX-License-Identifier: Apache-2.0
"""The fault points at the commit of a transaction that binds something."""

from __future__ import annotations

import typing as ty

import sqlalchemy as sa

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached

# SQLAlchemy has no public way to stand before and after the commit of one
# connection:
# - a connection's event "commit" comes before it only, and no other one after;
# - a session's events do not fire for core statements, nor before a commit
#   that flushes;
# - the dialect's do_commit() belongs to all connections of the service, and an
#   error in it is taken for the server's;
# - connections of a class of ours would have to be made by the service.
# So, when a test has armed the points, and never else, this method of the
# connection is replaced. If a release renames it, the armed tests fail.
_COMMIT = "_commit_impl"


def mark(connection: sa.Connection) -> None:
    """Reach the points of the transaction's commit, once.

    A no-op unless a test has armed the points.

    :param connection: the connection of the running transaction
    """
    if not points.armed() or _COMMIT in vars(connection):
        return
    commit: ty.Callable[[], None] = getattr(connection, _COMMIT)

    def marked() -> None:
        _unmark(connection)
        try:
            reached(Point.BEFORE_COMMIT)
        except BaseException:
            # SQLAlchemy takes a commit that failed for one that the server
            # undid, and would give the connection back to its pool as it is.
            connection.connection.rollback()
            raise
        commit()
        reached(Point.AFTER_COMMIT)

    setattr(connection, _COMMIT, marked)
    sa.event.listen(connection, "rollback", _unmark, once=True)


def _unmark(connection: sa.Connection) -> None:
    vars(connection).pop(_COMMIT, None)
