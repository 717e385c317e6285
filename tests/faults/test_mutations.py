# SPDX-License-Identifier: Apache-2.0
"""The stories can fail: they find what is wrong without our safeguards."""

from __future__ import annotations

from chaos.checker import Rule
from chaos.mutation import Mutation
from chaos.sabotage import Order
from chaos.sabotage import Trouble
from nova.openstack.common.idempotency.points import Point
from tests.faults import base


class WithoutTheFence:
    """A worker that lost its token commits all the same."""

    mutation = Mutation.NO_FENCE

    def test_a_duplicate_is_found(self):
        self.come_anew()
        self.freeze(Point.BEFORE_METHOD)
        self.assertIn(Rule.DUPLICATE, self.rules())


class WithoutTheLink:
    """What is committed is not bound to its token."""

    mutation = Mutation.NO_LINK

    def test_a_lost_mapping_is_found(self):
        self.come_anew()
        self.leave(Order(Trouble.KILL, Point.AFTER_METHOD))
        self.retry_until_it_ends()
        self.assertIn(Rule.LOST_MAPPING, self.rules())


globals().update(base.on_each_database(WithoutTheFence))
globals().update(base.on_each_database(WithoutTheLink))
