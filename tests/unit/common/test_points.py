# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import testtools

from nova.openstack.common.idempotency import faults
from nova.openstack.common.idempotency.faults import Point


class PointsTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(faults.arm, None)

    def test_nothing_is_armed_by_itself(self) -> None:
        self.assertFalse(faults.armed())
        faults.reached(Point.AFTER_CLAIM)

    def test_an_armed_hook_gets_each_point(self) -> None:
        seen: list[Point] = []
        faults.arm(seen.append)
        self.assertTrue(faults.armed())
        for point in Point:
            faults.reached(point)
        self.assertEqual(list(Point), seen)

    def test_a_disarmed_hook_gets_none(self) -> None:
        seen: list[Point] = []
        faults.arm(seen.append)
        faults.arm(None)
        faults.reached(Point.AFTER_CLAIM)
        self.assertEqual([], seen)
