# SPDX-License-Identifier: Apache-2.0
"""The stories can fail: they find what is wrong without our safeguards."""

from __future__ import annotations

import uuid

from chaos.client import Client
from chaos.mutation import Mutation
from chaos.rules import Rule
from chaos.sabotage import Order
from chaos.sabotage import Trouble
from openstack_idempotency.engine.points import Point
from tests.faults import base
from tests.faults import scenes
from tests.faults import waits


class WithoutTheFence(base.Mixin):
    """A worker that lost its token commits all the same."""

    mutation = Mutation.NO_FENCE

    def test_a_duplicate_is_found(self):
        self.start_over()
        self.freeze(Point.BEFORE_METHOD)
        self.assertIn(Rule.DUPLICATE, self.rules())


class WithoutTheLink(base.Mixin):
    """What is committed is not bound to its token."""

    mutation = Mutation.NO_LINK

    def test_a_lost_mapping_is_found(self):
        self.start_over()
        self.leave(Order(Trouble.KILL, Point.AFTER_METHOD))
        self.retry_until_it_ends()
        self.assertIn(Rule.LOST_MAPPING, self.rules())


class WithGapLocksOnMysql(base.TestCase):
    """Our transactions lock gaps, as MariaDB's own isolation has it."""

    backend = "mysql"
    mutation = Mutation.GAP_LOCKS

    def test_somebody_else_waits_for_a_stopped_worker(self):
        watch = waits.Watch(self.urls.api)
        self.enter(scenes.RERUN)
        with self.frozen(scenes.RERUN.point), watch.kept():
            answer = Client(uuid.uuid4().hex).post(self.second.port)
        self.assertFalse(answer.succeeded, answer)
        self.assertIsNotNone(watch.waited)


globals().update(base.on_each_database(WithoutTheFence))
globals().update(base.on_each_database(WithoutTheLink))
