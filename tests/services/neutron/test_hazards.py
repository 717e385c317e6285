# SPDX-License-Identifier: Apache-2.0
"""What is particular to Neutron: its side rows, retries and spellings."""

from __future__ import annotations

import contextlib
import importlib.metadata
import typing as ty
import uuid

import fixtures
from neutron import policy
from neutron.api import extensions
from neutron_lib.callbacks import events
from neutron_lib.callbacks import registry
from neutron_lib.callbacks import resources
from oslo_db import exception as db_exc

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.middleware.filter import Filter
from openstack_idempotency.sql import tables
from tests.services.base import AFTER_THE_COMMIT
from tests.services.base import Died
from tests.services.base import some
from tests.services.commits import Commits
from tests.services.neutron import base
from tests.services.neutron import samples
from tests.services.neutron import world
from tests.services.world import Caller

#: Service plugins of the wheel that need OVN, or another service.
_ELSEWHERE = {
    "dummy", "evpn", "loki", "ovn-bgp", "ovn-router", "placement", "pvlan",
}  # fmt: skip
# Those of them whose resources are other plugins', or only for tests.
_NO_OTHERS = {"dummy", "loki", "ovn-router", "placement"}


class HazardTestCase(base.NeutronTestCase):
    def once(
        self, path: str, body: ty.Any, token: str = "t", **more: ty.Any
    ) -> ty.Any:
        return self.send("POST", path, body, token, **more)

    def dies(
        self, point: Point, path: str, body: ty.Any, time: int = 1
    ) -> None:
        """Let a worker die where it comes to a point for so many times."""
        seen: list[Point] = []

        def die(reached: Point) -> None:
            seen.append(reached)
            if seen.count(point) == time:
                points.arm(None)
                raise Died

        points.arm(die)
        self.assertRaises(Died, self.once, path, body)
        self.change(lease_until=0)

    def named(self, table: str, name: str) -> int:
        """Count the rows of a table that have a name."""
        return sum(repr(name) in row for row in self.there(table))


class PluginsTest(HazardTestCase):
    def test_each_plugin_of_the_wheel_is_loaded_or_adds_no_post(self):
        entries = importlib.metadata.entry_points(
            group="neutron.service_plugins"
        )
        there = entries.names
        self.assertEqual(there, {*world.PLUGINS} | _ELSEWHERE)
        for name in _ELSEWHERE - _NO_OTHERS:
            plugin = entries[name].load()
            for alias in plugin.supported_extension_aliases:
                self.assertEqual([], self.collections(alias), alias)

    def collections(self, alias: str) -> list[str]:
        manager = extensions.PluginAwareExtensionManager.get_instance()
        found = extensions.ExtensionManager(manager.path).extensions[alias]
        return [one.collection for one in found.get_resources()]


class DefaultGroupTest(HazardTestCase):
    """A project's first request makes its group "default", too."""

    def setUp(self) -> None:
        super().setUp()
        self.caller = Caller(project=some("project"))
        self.name = some("group")
        self.body = {"security_group": {"name": self.name}}

    def ask_once(self) -> ty.Any:
        return self.once("/security-groups", self.body, caller=self.caller)

    def test_only_the_one_that_was_asked_for_is_bound(self):
        with self.effects() as seen:
            made = self.ask_once().json["security_group"]
        self.assertEqual(2, seen.count("INSERT securitygroups"))
        (bound,) = self.rows(tables.RESOURCES)
        self.assertEqual(made["id"], bound.resource_id)
        self.change(sealed=None)
        rebuilt = self.ask_once()
        self.assertEqual("rebuilt", self.state(rebuilt))
        self.assertEqual(self.name, rebuilt.json["security_group"]["name"])

    def test_killed_between_the_two(self):
        seen: list[Point] = []

        def die(reached: Point) -> None:
            seen.append(reached)
            if seen.count(Point.BEFORE_LINK) == 2:
                points.arm(None)
                raise Died

        points.arm(die)
        self.assertRaises(Died, self.ask_once)
        self.change(lease_until=0)
        self.assertEqual([], self.rows(tables.RESOURCES))
        retry = self.ask_once()
        self.assertEqual("executed", self.state(retry), retry.text)
        self.assertEqual(self.name, retry.json["security_group"]["name"])

    def test_no_user_s_group_has_its_name(self):
        self.body["security_group"]["name"] = "default"
        answer = self.ask_once()
        self.assertEqual(409, answer.status_int, answer.text)
        self.assertEqual([], self.rows())


class RetriesTest(HazardTestCase):
    """Neutron runs its methods again after a conflict in the database."""

    def setUp(self) -> None:
        super().setUp()
        self.name = some("network")
        self.body = {"network": {"name": self.name}}

    @contextlib.contextmanager
    def conflicts(self, error: type, times: int) -> ty.Iterator[list[int]]:
        """Let the database refuse so often, once the network is inserted."""
        ran: list[int] = []

        def refuse(*args: ty.Any, **kwargs: ty.Any) -> None:
            ran.append(len(self.rows(tables.RESOURCES)))
            if len(ran) <= times:
                raise error

        place = (refuse, resources.NETWORK, events.PRECOMMIT_CREATE)
        registry.subscribe(*place)
        try:
            yield ran
        finally:
            registry.unsubscribe(*place)

    def test_one_network_and_one_binding(self):
        for error in (db_exc.DBDeadlock, db_exc.DBDuplicateEntry):
            self.name = some("network")
            body = {"network": {"name": self.name}}
            with self.conflicts(error, 2) as ran:
                answer = self.once("/networks", body, error.__name__)
            self.assertEqual(3, len(ran))
            self.assertEqual(201, answer.status_int, answer.text)
            self.assertEqual("executed", self.state(answer))
            made = answer.json["network"]["id"]
            bound = [one.resource_id for one in self.rows(tables.RESOURCES)]
            self.assertEqual(1, bound.count(made), str(bound))
            self.assertEqual(1, self.named("networks", self.name))

    def test_a_failure_after_the_commit(self):
        """The network is there; the next one is told of it."""

        def broken(*args: ty.Any, **kwargs: ty.Any) -> None:
            raise RuntimeError

        name = "neutron.quota.QuotaEngine.commit_reservation"
        with fixtures.MonkeyPatch(name, broken):
            answer = self.once("/networks", self.body)
        self.assertEqual(500, answer.status_int, answer.text)
        retry = self.once("/networks", self.body)
        self.assertEqual("rebuilt", self.state(retry), retry.text)
        self.assertEqual(self.name, retry.json["network"]["name"])
        self.assertEqual(1, self.named("networks", self.name))

    def commit_of_nobody_knows(self, body: ty.Any) -> ty.Any:
        """Send a request whose first commit's answer is lost on its way."""
        seen: list[Point] = []

        def lose(reached: Point) -> None:
            seen.append(reached)
            if seen.count(Point.AFTER_COMMIT) == 1 == seen[-1:].count(
                Point.AFTER_COMMIT
            ):
                raise db_exc.DBConnectionError

        points.arm(lose)
        answer = self.once("/networks", body)
        points.arm(None)
        # Neutron has run its method again.
        self.assertIn(Point.BEFORE_LINK, seen[seen.index(Point.AFTER_COMMIT):])
        return answer

    def test_a_commit_whose_answer_is_lost(self):
        """What Neutron makes once more is rolled back."""
        answer = self.commit_of_nobody_knows(self.body)
        self.assertEqual("interrupted", self.state(answer), answer.text)
        retry = self.once("/networks", self.body)
        self.assertEqual("rebuilt", self.state(retry), retry.text)
        self.assertEqual(1, self.named("networks", self.name))

    def test_the_same_of_several(self):
        body = {"networks": [self.body["network"]] * 2}
        answer = self.commit_of_nobody_knows(body)
        self.assertEqual("interrupted", self.state(answer), answer.text)
        retry = self.once("/networks", body)
        self.assertEqual("rebuilt", self.state(retry), retry.text)
        self.assertEqual(2, len(retry.json["networks"]))
        self.assertEqual(2, self.named("networks", self.name))


class SideTransactionsTest(HazardTestCase):
    """What Neutron commits before and after what was asked for."""

    def gateway(self, network: str) -> ty.Any:
        info = {"network_id": network}
        self.name = some("router")
        return {"router": {"name": self.name, "external_gateway_info": info}}

    def test_a_router_without_its_gateway_is_no_success(self):
        body = self.gateway(samples.external(self.ask))
        for point in AFTER_THE_COMMIT[:1]:
            self.dies(point, "/routers", body)
            with self.effects() as seen:
                retry = self.once("/routers", body)
            self.assertEqual([], seen)
            self.assertEqual("answer-lost", self.state(retry), retry.text)
            self.assertEqual(1, self.named("routers", self.name))

    def test_a_router_with_its_gateway(self):
        body = self.gateway(samples.external(self.ask))
        first = self.once("/routers", body)
        self.assertEqual("executed", self.state(first), first.text)
        self.change(sealed=None)
        rebuilt = self.once("/routers", body)
        self.assertEqual("rebuilt", self.state(rebuilt), rebuilt.text)
        gateway = rebuilt.json["router"]["external_gateway_info"]
        self.assertTrue(gateway)

    def test_a_router_that_neutron_takes_back(self):
        """Its gateway is refused once the router is committed."""
        body = self.gateway(samples.inside(self.ask))
        answer = self.once("/routers", body)
        self.assertEqual(400, answer.status_int, answer.text)
        self.assertEqual("executed", self.state(answer))
        self.assertEqual(([], []), (
            self.rows(), self.rows(tables.RESOURCES)))  # fmt: skip
        self.assertEqual(0, self.named("routers", self.name))
        # It may be corrected, and sent again.
        del body["router"]["external_gateway_info"]
        self.assertEqual(201, self.once("/routers", body).status_int)

    def test_a_floating_ip_whose_port_is_there_already(self):
        network = samples.external(self.ask)
        body = {"floatingip": {"floating_network_id": network}}
        before = self.there("floatingips")
        self.dies(Point.BEFORE_LINK, "/floatingips", body)
        self.assertEqual(before, self.there("floatingips"))
        retry = self.once("/floatingips", body)
        self.assertEqual("executed", self.state(retry), retry.text)
        self.assertEqual(len(before) + 1, len(self.there("floatingips")))

    def test_an_address_group_without_its_addresses(self):
        name = some("group")
        given = {"name": name, "addresses": ["192.0.2.0/24"]}
        body = {"address_group": given}
        self.dies(Point.AFTER_COMMIT, "/address-groups", body)
        retry = self.once("/address-groups", body)
        self.assertEqual("answer-lost", self.state(retry), retry.text)
        self.assertEqual(1, self.named("address_groups", name))

    def test_an_address_group_with_some_of_its_addresses(self):
        path, addresses = "/address-groups", ["192.0.2.1/32", "192.0.2.2/32"]
        given = {"name": some("group"), "addresses": addresses}
        body = {"address_group": given}
        with Commits(self.world.engine) as ran:
            self.once(path, body, "whole")
        commits = len(ran.committed)
        for number in range(1, commits):
            with Commits(self.world.engine, Died, number, dead=True):
                self.assertRaises(Died, self.once, path, body, f"{number}")
            self.change(lease_until=0)
            retry = self.once(path, body, f"{number}")
            self.assertEqual("answer-lost", self.state(retry), retry.text)
        self.assertLess(1, commits)


class BulkTest(HazardTestCase):
    """Several resources of one request."""

    def several(self, path: str, **fields: ty.Any) -> tuple[str, ty.Any]:
        key = path.rpartition("/")[2]
        self.names = some("one"), some("two")
        return path, {key: [{"name": n, **fields} for n in self.names]}

    def logs(self) -> tuple[str, ty.Any]:
        """Neutron makes these one by one."""
        return self.several(
            "/log/logs", event="ALL", resource_type="security_group",
            resource_id=samples.group(self.ask),
        )  # fmt: skip

    def count(self, table: str) -> list[int]:
        return [self.named(table, name) for name in self.names]

    def assert_both(self, answer: ty.Any, state: str) -> None:
        self.assertEqual(201, answer.status_int, answer.text)
        self.assertEqual(state, self.state(answer))
        (made,) = answer.json.values()
        self.assertEqual([*self.names], [one["name"] for one in made])

    def test_networks_are_committed_together(self):
        asked = self.several("/networks")
        self.dies(Point.BEFORE_COMMIT, *asked)
        self.assertEqual([0, 0], self.count("networks"))
        self.assert_both(self.once(*asked), "executed")
        self.assertEqual(2, len(self.rows(tables.RESOURCES)))
        self.change(sealed=None)
        self.assert_both(self.once(*asked), "rebuilt")
        self.assertEqual([1, 1], self.count("networks"))

    def test_networks_of_a_worker_that_died(self):
        asked = self.several("/networks")
        self.dies(Point.AFTER_COMMIT, *asked)
        self.assert_both(self.once(*asked), "rebuilt")
        self.assertEqual([1, 1], self.count("networks"))

    def test_logs_are_committed_one_by_one(self):
        """A worker that died made one of two; nobody claims more."""
        asked = self.logs()
        self.dies(Point.AFTER_COMMIT, *asked)
        with self.effects() as seen:
            retry = self.once(*asked)
        self.assertEqual([], seen)
        self.assertEqual("answer-lost", self.state(retry), retry.text)
        self.assertEqual([1, 0], self.count("logs"))

    def test_logs_that_all_were_made(self):
        asked = self.logs()
        self.assert_both(self.once(*asked), "executed")
        self.change(sealed=None)
        self.assert_both(self.once(*asked), "rebuilt")
        self.assertEqual([1, 1], self.count("logs"))

    def test_logs_of_which_one_is_refused(self):
        """Neutron takes the other one back."""
        path, body = self.logs()
        body["logs"][1]["resource_id"] = str(uuid.uuid4())
        answer = self.once(path, body)
        self.assertEqual(404, answer.status_int, answer.text)
        self.assertEqual("executed", self.state(answer))
        self.assertEqual([], self.rows(tables.RESOURCES))
        self.assertEqual([0, 0], self.count("logs"))


class SpellingsTest(HazardTestCase):
    """Neutron takes a path in several spellings: they are one target."""

    def test_they_are_one_target(self):
        for path, *others in (
            ("/networks", "/networks.json", "/networks/"),
            ("/security-groups", "/security_groups", "/security-groups.json"),
            ("/qos/policies", "/policies", "/policies.json"),
            ("/service_profiles", "/service-profiles"),
        ):
            wanted = self.wanted(path)
            first = self.send("POST", path, wanted.body, path)
            self.assertEqual(201, first.status_int, first.text)
            for other in others:
                with self.effects() as seen:
                    again = self.send("POST", other, wanted.body, path)
                self.assertEqual([], seen, other)
                self.assertEqual("replayed", self.state(again), other)
                self.assertEqual(first.body, again.body)

    def test_what_is_named_stays_as_it_is(self):
        normal = base.ADAPTER.normal
        for path, expected in (
            ("/ports/a_b.c/tags.json", "/ports/a_b.c/tags"),
            ("/local-ips/x/port-associations",
             "/local_ips/x/port_associations"),
            ("/policies/x/dscp-marking-rules",
             "/qos/policies/x/dscp_marking_rules"),
            ("/qos/policies/x/tags", "/policies/x/tags"),
            ("/log/networks", "/networks"),
            *((path, path) for path in (
                "/", "/log", "/log/logs", "/networks/a.json", "/no_such.json",
            )),
        ):  # fmt: skip
            self.assertEqual(expected, normal(path))


class LeftOutTest(HazardTestCase):
    def test_what_neutron_always_refuses_ignores_the_token(self):
        for row in base.ADAPTER.operations:
            if row.left_out is None:
                continue
            path = row.path.replace("{", "").replace("}", "")
            answer = self.once(path, {})
            self.assertGreaterEqual(answer.status_int, 400, path)
            self.assertIsNone(self.state(answer), path)
        self.assertEqual([], self.rows())


class PoliciesTest(HazardTestCase):
    def test_they_are_there_before_the_first_request(self):
        """While one thread loads them, Neutron refuses others."""
        self.addCleanup(policy.init)
        policy.reset()
        Filter(self.world.application, base.ADAPTER, self.world.conf)
        self.assertIn("create_network", policy._ENFORCER.rules)
