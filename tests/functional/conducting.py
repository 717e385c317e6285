# SPDX-License-Identifier: Apache-2.0
"""What nova-conductor leaves of the servers that it has taken."""

from __future__ import annotations

from nova import context
from nova import objects
from nova.tests.functional import fixtures as func_fixtures
from testing.nova import base


class Conducting(base.Mixin):
    """A mixin: casts to the conductor are lost, unless a test stands for it.

    There is a placement service, since a withdrawal frees allocations.
    """

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(func_fixtures.PlacementFixture())

    def conductor_takes(self, number: int | None = None) -> None:
        """Do what the conductor does with servers until it has them.

        :param number: with how many; all that wait, if it is not said
        """
        # Another process, which is in the middle of no request of ours.
        base.elsewhere(lambda: self._take(number))

    def _take(self, number: int | None) -> None:
        admin = context.get_admin_context()
        cell = self.cell_mappings["cell1"]
        waiting = list(objects.BuildRequestList.get_all(admin))
        for request in waiting[:number]:
            with context.target_cell(admin, cell) as targeted:
                request.get_new_instance(targeted).create()
            mapping = objects.InstanceMapping.get_by_instance_uuid(
                admin, request.instance_uuid
            )
            mapping.cell_mapping = cell
            mapping.save()
            request.destroy()


class Stories(Conducting):
    """A mixin that tells what came of retries."""

    def assert_executed(self, answer):
        self.assertEqual(202, answer.status_code, answer.content)
        self.assertEqual("executed", answer.headers["X-Client-Token-State"])
        self.assertNotIn("Idempotent-Replayed", answer.headers)

    def assert_replayed(self, answer, first):
        self.assertEqual("replayed", answer.headers["X-Client-Token-State"])
        self.assertEqual("true", answer.headers["Idempotent-Replayed"])
        self.assertEqual(first.content, answer.content)

    def assert_rebuilt(self, answer, count):
        self.assertEqual(202, answer.status_code, answer.content)
        self.assertEqual("rebuilt", answer.headers["X-Client-Token-State"])
        self.assertEqual("true", answer.headers["Idempotent-Replayed"])
        server = answer.json()["server"]
        self.assertNotIn("adminPass", server)
        self.assertIn(server["id"], self.servers())
        self.assertEqual(count, len(self.servers()))

    def assert_taken_over(self, answer):
        self.assert_fault(answer, 409, "took over")
        self.assertEqual("taken-over", answer.headers["X-Client-Token-State"])
        self.assertEqual("1", answer.headers["Retry-After"])
