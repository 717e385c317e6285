# SPDX-License-Identifier: Apache-2.0
"""A worker has died, and a retry can take back what it made."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from tests.unit.library import base
from tests.unit.library.base import REBUILT


class Withdrawal(base.EngineTestCase):
    """The first worker dies after it has made two servers."""

    def setUp(self) -> None:
        super().setUp()
        #: The servers of which nobody has gone on to build one.
        self.waiting: list[Resource] = []
        #: The servers that a user deleted while they were waiting.
        self.deleted: set[Resource] = set()
        self.undone: list[str] = []
        self.undo_fails: list[BaseException] = []
        self.dies(self.linked_work(self.deadly(self.make_two)))
        self.first = list(self.made)

    def make_two(self) -> Answer:
        answer = self.create(count=2)
        self.waiting += self.made[-2:]
        return answer

    def linked_work(
        self, does: ty.Callable[[], Answer] | None = None
    ) -> fakes.Work:
        """Return a retry's work, with what the service knows by now."""
        work = fakes.Work(does or self.make_two, "server")
        work.rebuilt = Answer(202, REBUILT.headers, b"{}")
        work.takes_back = self._take_back
        work.undone = self.undone
        work.undo_fails = self.undo_fails
        return work

    def _take_back(self, bound: tuple[Resource, ...]) -> Withdrawn:
        if not all(r in self.waiting or r in self.deleted for r in bound):
            return Withdrawn(Fate.TAKEN)
        gone = [r for r in bound if r in self.waiting]
        for resource in gone:
            self.waiting.remove(resource)
        fate = Fate.WITHDRAWN if len(gone) == len(bound) else Fate.DELETED
        return Withdrawn(fate, tuple((r, f"undo {r.id}") for r in gone))

    def delete(self, resource: Resource) -> None:
        """Let a user delete a server that waits."""
        self.waiting.remove(resource)
        self.deleted.add(resource)
