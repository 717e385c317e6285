# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import testtools

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point


class PointsTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(points.arm, None)

    def test_nothing_is_armed_by_itself(self) -> None:
        self.assertFalse(points.armed())
        points.reached(Point.AFTER_CLAIM)

    def test_an_armed_hook_gets_each_point(self) -> None:
        seen: list[Point] = []
        points.arm(seen.append)
        self.assertTrue(points.armed())
        for point in Point:
            points.reached(point)
        self.assertEqual(list(Point), seen)

    def test_a_disarmed_hook_gets_none(self) -> None:
        seen: list[Point] = []
        points.arm(seen.append)
        points.arm(None)
        points.reached(Point.AFTER_CLAIM)
        self.assertEqual([], seen)
