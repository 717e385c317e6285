# SPDX-License-Identifier: Apache-2.0
"""Protocol section 5: each kind of trouble at each point of a boot."""

from __future__ import annotations

import unittest

import ddt

from nova.openstack.common.idempotency.points import Point
from tests.faults import base
from tests.faults.scenes import SCENES


@ddt.ddt
class Servers:
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


_CASES = base.on_each_database(Servers)
globals().update(_CASES)


@ddt.ddt
class EveryPointTestCase(unittest.TestCase):
    """Whoever adds a point to the product has to say how it is reached."""

    @ddt.data(*Point)
    def test_has_its_stories_on_each_database(self, point):
        here = [
            scene.name for scene in SCENES.values() if scene.point is point
        ]
        self.assertTrue(here)
        for case in _CASES.values():
            for story in ("killed", "frozen", "cut_off"):
                told = [
                    name
                    for name in dir(case)
                    if name.startswith(f"test_{story}_")
                ]
                self.assertEqual(len(SCENES), len(told))
