# SPDX-License-Identifier: Apache-2.0
"""Protocol sections 3 and 5 for each linked operation, whoever dies when."""

from __future__ import annotations

import functools

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from testing.nova import base
from tests.functional import conducting
from tests.functional.operations.linked import Deleted
from tests.functional.operations.linked import Linked


class Flavors(Deleted, Linked):
    """Flavors."""

    path = "/flavors"
    listed = "/flavors?is_public=None"
    versions = ("2.1", "2.55", "2.61", "2.75", "2.90")

    def test_one_that_its_creator_cannot_see_is_rebuilt(self) -> None:
        body = {"name": "p", "ram": 1, "vcpus": 1, "disk": 1}
        body["os-flavor-access:is_public"] = False
        request = ("/flavors", {"flavor": body}, "t")
        first = self.post(*request)
        self.lose_the_answers()
        self.assertEqual(first.json(), self.post(*request).json())


class Aggregates(Deleted, Linked):
    """Aggregates."""

    path = "/os-aggregates"
    listed = "/os-aggregates"
    versions = ("2.1", "2.41", "2.90")


class ServerGroups(Deleted, Linked):
    """Server groups."""

    path = "/os-server-groups"
    listed = "/os-server-groups"
    versions = ("2.64", "2.90")

    def test_before_2_64_it_has_policies(self) -> None:
        for version in ("2.1", "2.13", "2.15"):
            self.api.microversion = version
            body = {"name": version, "policies": ["affinity"]}
            request = ("/os-server-groups", {"server_group": body}, version)
            first = self.post(*request)
            self.assertEqual(200, first.status_code, first.content)
            self.lose_the_answers()
            self.assertEqual(first.json(), self.post(*request).json())

    def test_one_over_quota_frees_the_token(self) -> None:
        # Nova looks at the quota again when the group is there, and takes
        # it away; here its first look is the other request's.
        self.flags(server_groups=1, group="quota")
        seen = []

        def fill(reached: Point) -> None:
            if reached is Point.BEFORE_LINK:
                points.arm(None)
                seen.append(self.make("other"))

        points.arm(fill)
        refused = self.make("t")
        self.assertEqual(200, seen[0].status_code)
        self.assertEqual(403, refused.status_code, refused.content)
        self.assertEqual(["other"], self.made())
        self.flags(server_groups=2, group="quota")
        retry = self.make("t")
        self.assertEqual(200, retry.status_code, retry.content)
        self.assertNotIn("Idempotent-Replayed", retry.headers)

    def test_one_that_lost_its_token_is_not_told_of_the_quota(self) -> None:
        self.flags(server_groups=1, group="quota")
        retries = []

        def overtake(reached: Point) -> None:
            if reached is Point.BEFORE_METHOD:
                points.arm(None)
                self.change(lease_until=0)
                retries.append(base.elsewhere(lambda: self.make("t")))

        points.arm(overtake)
        slow = self.make("t")
        self.assertEqual(200, retries[0].status_code, retries[0].content)
        # Nova refused it, for the sake of the very group that it asked for.
        self.assert_fault(slow, 409, "took over")
        self.assertEqual("taken-over", slow.headers["X-Client-Token-State"])
        self.assertEqual(retries[0].content, self.make("t").content)


class BootVolumes(Linked, conducting.Conducting):
    """Servers, by their other path."""

    path = "/os-volumes_boot"
    listed = "/servers"
    versions = ("2.37", "2.90")

    def gone_on_with(self) -> None:
        self.conductor_takes()

    def test_one_that_nobody_took_is_withdrawn(self) -> None:
        for point in base.AFTER_THE_COMMIT:
            before = self.made()
            token = point.value
            self.left_by_a_dead_worker(
                point, functools.partial(self.make, token)
            )
            retry = self.make(token)
            self.assertEqual(202, retry.status_code, retry.content)
            state = retry.headers["X-Client-Token-State"]
            self.assertEqual("executed", state)
            self.assertEqual(sorted([*before, token]), self.made(), point)
            self.assertEqual(retry.content, self.make(token).content)


for _scenarios in (Flavors, Aggregates, ServerGroups):
    globals().update(base.on_each_database(_scenarios))
# Servers are proven on each database by their first path.
globals().update(base.on_each_database(BootVolumes, ("sqlite",)))
