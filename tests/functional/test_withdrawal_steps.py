# SPDX-License-Identifier: Apache-2.0
"""Protocol section 5: servers withdrawn at each step of Nova's conductor."""

from __future__ import annotations

from nova import context
from nova import objects
from nova.idempotency import undoing
from openstack_idempotency.protocol.withdrawn import Fate
from testing.nova import base
from tests.functional import building

_DELETES = "BuildRequest.destroy"


class Steps(building.Building):
    """Withdrawn, a server leaves nothing, wherever the conductor was."""

    #: Whether the withdrawal is undone while the conductor is stopped, or
    #: when it has ended: the worker may have died between the two.
    undone_at_once = True

    def setUp(self):
        super().setUp()
        group = {"name": "g", "policy": "soft-affinity"}
        answer = self.post("/os-server-groups", {"server_group": group})
        self.group = answer.json()["server_group"]["id"]

    def test_where_it_builds(self):
        self.assert_steps(decided=True)

    def test_where_no_host_is_found(self):
        self.assert_steps(flavorRef="4")  # larger than the host

    def test_where_the_host_has_no_cell(self):
        admin = context.get_admin_context()
        objects.HostMapping.get_by_host(admin, "h1").destroy()
        self.assert_steps(decided=True)

    def test_where_the_quota_recheck_fails(self):
        self.assert_steps(decided=True, quota=0)

    def assert_steps(self, *, decided=False, quota=10, **fields):
        """Withdraw a server at each step, and see what is left.

        :param decided: the conductor has steps after the one that decides
        :param quota: instances that the conductor finds allowed
        """
        fates: list[tuple[str, Fate]] = []
        while True:
            (server,) = self.asked_for(
                self.group, tags=["web"], **self.with_a_volume(), **fields
            )
            self.assertIn(server, self.attached())
            done = self.stopped_before(len(fates), server, quota)
            if done is None:
                break
            step = self.stops.stopped_at
            if done.fate is Fate.WITHDRAWN:
                self.assert_nothing_is_left(server, step)
            else:
                self.assertNotEqual([], self.records(server), step)
            fates.append((step, done.fate))
        names = [name for name, _ in fates]
        count = names.index(_DELETES) + 1
        expected = [Fate.WITHDRAWN] * count
        expected += [Fate.TAKEN] * (len(fates) - count)
        self.assertEqual(expected, [fate for _, fate in fates], names)
        self.assertEqual(decided, Fate.TAKEN in expected)

    def stopped_before(self, step, server, quota):
        """Withdraw a server at one step, and let the conductor go on."""
        done = []

        def withdraw():
            done.append(self.withdraw([server]))
            if self.undone_at_once:
                self.undo(done[0])

        self.stops.before(withdraw, step)
        self.flags(instances=quota, group="quota")
        self.deliver()
        self.flags(instances=10, group="quota")
        if not done:
            return None
        if not self.undone_at_once:
            self.undo(done[0])
        undoing.sweep(context.get_admin_context(), [server])
        return done[0]


class StepsUndoneAtOnce(Steps, base.TestCase):
    pass


class StepsUndoneLater(Steps, base.TestCase):
    undone_at_once = False


class Stories(building.Building, base.TestCase):
    """The cases of which one withdrawal is not like another."""

    def test_three_servers_with_the_conductor_at_the_first(self):
        servers = self.asked_for(min_count=3)
        self.assertIs(Fate.WITHDRAWN, self.withdrawn_after(0, servers))
        self.assertEqual([], self.built)
        for server in servers:
            self.assert_nothing_is_left(server)

    def test_three_servers_with_the_conductor_at_the_second(self):
        servers = self.asked_for(min_count=3)
        self.assertIs(Fate.TAKEN, self.withdrawn_after(1, servers))
        self.assertEqual(servers, self.built)

    def withdrawn_after(self, deleted, servers):
        """Withdraw once the conductor has deleted so many BuildRequests."""
        done = []
        self.stops.before(
            lambda: done.append(self.withdraw_and_undo(servers)),
            deleted,
            _DELETES,
        )
        self.deliver()
        return done[0].fate

    def test_one_of_three_deleted_by_its_user_before_the_cast(self):
        servers = self.asked_for(min_count=3)
        self.api.delete_server(servers[1])
        done = self.withdraw_and_undo(servers)
        del servers[1]
        self.assertIs(Fate.DELETED, done.fate)
        self.assertEqual(sorted(servers), [one.id for one, _ in done.todos])
        self.deliver()
        self.assertEqual([], self.built)
        for server in servers:
            self.assert_nothing_is_left(server)

    def test_a_quota_of_one(self):
        self.flags(instances=1, group="quota")
        (first,) = self.asked_for()
        second = []

        def withdraw_and_build_another():
            self.withdraw_and_undo([first])
            second.extend(self.asked_for())
            self.deliver()

        # It has seen the BuildRequest, and makes the record all the same,
        # which is one too many then.
        self.stops.before(withdraw_and_build_another, name="Instance.create")
        error = self.deliver()
        self.assertIn("TooManyInstances", type(error).__name__)
        self.assertNotEqual([], self.records(first))
        admin = context.get_admin_context()
        self.assertEqual(frozenset(), undoing.sweep(admin, [first]))
        self.assert_nothing_is_left(first)
        self.assertEqual({first}, undoing.sweep(admin, [first]))
        self.assertEqual(second, self.built)
        self.assertNotEqual([], self.records(*second))

    def test_between_the_loops_it_does_not_count(self):
        self.flags(instances=1, group="quota")
        (first,) = self.asked_for()
        second = []

        def withdraw_and_ask_again():
            self.assertNotEqual([], self.records(first))
            self.withdraw_and_undo([first])
            second.extend(self.asked_for())

        self.stops.before(
            withdraw_and_ask_again,
            name="ComputeTaskManager._map_instance_to_cell",
        )
        self.deliver()
        self.deliver()
        self.assertEqual(second, self.built)
        self.assert_nothing_is_left(first)

    def test_a_conductor_that_dies_between_its_loops(self):
        (server,) = self.asked_for()

        def die():
            raise RuntimeError("its host is gone")

        def withdraw():
            self.withdraw_and_undo([server])
            self.stops.before(die, name="ComputeTaskManager._recheck_quota")

        self.stops.before(withdraw, name="Instance.create")
        self.assertIsNotNone(self.deliver())
        self.assertNotEqual([], self.records(server))
        # Its mapping names no cell, and never will.
        admin = context.get_admin_context()
        self.assertEqual(frozenset(), undoing.sweep(admin, [server]))
        self.assert_nothing_is_left(server)
