# SPDX-License-Identifier: Apache-2.0
"""The same for a resource whose name only one can have."""

from __future__ import annotations

import ddt

from chaos import client
from openstack_idempotency.engine.points import Point
from tests.faults import base

_POINTS = (
    Point.AFTER_CLAIM.value,
    Point.BEFORE_LINK.value,
    Point.BEFORE_COMMIT.value,
    Point.AFTER_COMMIT.value,
)


@ddt.ddt
class Keypairs(base.Mixin):
    """A keypair whose worker gets into trouble, and its retries."""

    @ddt.data(*_POINTS)
    def test_killed(self, point):
        self.start_over(client.KEYPAIR)
        self.kill(Point(point))
        self.assert_sound()

    @ddt.data(*_POINTS)
    def test_frozen_past_the_lease(self, point):
        self.start_over(client.KEYPAIR)
        self.freeze(Point(point))
        self.assert_sound()

    @ddt.data(*_POINTS)
    def test_cut_off_from_the_database(self, point):
        self.start_over(client.KEYPAIR)
        self.cut(Point(point))
        self.assert_sound()


globals().update(base.on_each_database(Keypairs))
