# SPDX-License-Identifier: Apache-2.0
"""What is particular to Placement: clients name what they make."""

from __future__ import annotations

import uuid

from openstack_idempotency.engine.points import Point
from tests.services.base import some
from tests.services.placement import base
from tests.services.sample import Wanted


class MadeAgainTest(base.PlacementTestCase):
    """Section 3: what was deleted, and made again under the same name."""

    def check(self, path: str, wanted: Wanted, at: str, other: Wanted) -> None:
        self.left_by_a_dead_worker(
            Point.AFTER_COMMIT, lambda: self.post(path, wanted, "t")
        )
        # SQLite gives the highest key again.
        self.post(path, self.wanted(path))
        self.send("DELETE", at, **self.newest())
        made = self.post(path, other)
        self.assertLess(made.status_int, 300, made.text)
        for _ in range(2):
            with self.effects() as seen:
                answer = self.post(path, wanted, "t")
            self.assertEqual([], seen)
            self.assertEqual("answer-lost", self.state(answer), answer.text)

    def test_another_provider_is_not_shown_as_the_first_one(self):
        path, id_ = "/resource_providers", str(uuid.uuid4())
        mine, other = (
            Wanted(path, {"name": some("p"), "uuid": id_}, None)
            for _ in range(2)
        )
        self.check(path, mine, f"{path}/{id_}", other)

    def test_nor_another_class(self):
        path, name = "/resource_classes", f"CUSTOM_{uuid.uuid4().hex.upper()}"
        wanted = Wanted(path, {"name": name}, None)
        self.check(path, wanted, f"{path}/{name}", wanted)
