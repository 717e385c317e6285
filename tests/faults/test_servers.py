# SPDX-License-Identifier: Apache-2.0
"""Protocol section 5: each kind of trouble at each point of a boot."""

from __future__ import annotations

import itertools

import ddt

from chaos.sabotage import Order
from chaos.sabotage import Trouble
from nova.openstack.common.idempotency.points import Point
from tests.faults import base

_POINTS = [point.value for point in Point if point not in base.TAKEOVERS]
# What a dead worker left decides how its token is taken over: with nothing
# committed the request runs anew, else its answer is rebuilt.
_TAKEOVERS = list(
    itertools.product(
        (point.value for point in base.TAKEOVERS),
        (Point.AFTER_CLAIM.value, Point.AFTER_COMMIT.value),
    )
)


@ddt.ddt
class Servers:
    """A boot whose worker gets into trouble, and its repetition."""

    @ddt.data(*_POINTS)
    def test_killed(self, point):
        self.kill(Point(point))
        self.assert_sound()

    @ddt.data(*_POINTS)
    def test_frozen_past_the_lease(self, point):
        self.freeze(Point(point))
        self.assert_sound()

    @ddt.data(*_POINTS)
    def test_cut_off_from_the_database(self, point):
        self.cut(Point(point))
        self.assert_sound()

    @ddt.data(*_TAKEOVERS)
    @ddt.unpack
    def test_killed_as_it_takes_over(self, point, left):
        self.leave(Order(Trouble.KILL, Point(left)))
        self.kill(Point(point))
        self.assert_sound()

    @ddt.data(*_TAKEOVERS)
    @ddt.unpack
    def test_frozen_as_it_takes_over(self, point, left):
        self.leave(Order(Trouble.KILL, Point(left)))
        self.freeze(Point(point))
        self.assert_sound()

    @ddt.data(*_TAKEOVERS)
    @ddt.unpack
    def test_cut_off_as_it_takes_over(self, point, left):
        self.leave(Order(Trouble.KILL, Point(left)))
        self.cut(Point(point))
        self.assert_sound()


globals().update(base.on_each_database(Servers))
