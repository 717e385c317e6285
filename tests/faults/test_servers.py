# SPDX-License-Identifier: Apache-2.0
"""Protocol section 5: each kind of trouble at each point of a boot."""

from __future__ import annotations

import unittest

import ddt

from openstack_idempotency.engine.points import Point
from testing import databases
from tests.faults import base
from tests.faults.scenes import SCENES


@ddt.ddt
class Servers(base.Mixin):
    """A boot whose worker gets into trouble, and its retries."""

    @ddt.data(*SCENES)
    def test_killed(self, name):
        self.enter(SCENES[name])
        self.kill(SCENES[name].point)
        self.assert_sound()

    @ddt.data(*SCENES)
    def test_frozen_past_the_lease(self, name):
        self.enter(SCENES[name])
        self.freeze(SCENES[name].point)
        self.assert_sound()

    @ddt.data(*SCENES)
    def test_cut_off_from_the_database(self, name):
        self.enter(SCENES[name])
        self.cut(SCENES[name].point)
        self.assert_sound()


_FROZEN = "test_frozen_past_the_lease"
_CASES = base.on_each_database(Servers)
globals().update(_CASES)


@ddt.ddt
class EveryPointTestCase(unittest.TestCase):
    """Whoever adds a point has to say how a worker comes to it."""

    @ddt.data(*(point.value for point in Point))
    def test_has_its_bystanders_on_both_servers(self, point):
        told = [
            ddt.mk_test_name(_FROZEN, name, index, len(str(len(SCENES))))
            for index, name in enumerate(SCENES)
            if SCENES[name].point is Point(point)
        ]
        self.assertTrue(told)
        for case in _CASES.values():
            self.assertLessEqual(set(told), set(dir(case)))
        self.assertEqual(len(databases.SERVERS), len(_CASES))
