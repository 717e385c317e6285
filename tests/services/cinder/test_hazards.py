# SPDX-License-Identifier: Apache-2.0
"""What is particular to Cinder: its rows, casts, versions and spellings."""

from __future__ import annotations

import contextlib
import typing as ty

from cinder import policy
from cinder.db import models
import fixtures
from oslo_db import exception as db_exc
import sqlalchemy as sa

from openstack_idempotency.engine.points import Point
from openstack_idempotency.middleware.filter import Filter
from openstack_idempotency.sql import tables
from tests.services import base as common
from tests.services.cinder import base
from tests.services.cinder import samples
from tests.services.cinder import test_operations
from tests.services.cinder import world
from tests.services.sample import Wanted
from tests.services.world import Caller

_VERSION: ty.Final = "OpenStack-API-Version"
_QUOTAS: ty.Final = "cinder.quota.QuotaEngine.commit"


class Broken(Exception):
    """What nobody expects."""


class HazardTestCase(base.CinderTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.asked = self.wanted("/volumes")

    def once(self, path: str = "/volumes", **more: ty.Any) -> ty.Any:
        return self.post(path, self.asked, "t", **more)

    def status(self, model: ty.Any, key: str) -> str | None:
        """Return a row's status, None where it is marked as deleted."""
        query = sa.select(model.status).where(model.id == key, ~model.deleted)
        with self.world.engine.connect() as connection:
            found: str | None = connection.scalar(query)
        return found


class RowsTest(HazardTestCase):
    """Rows that nobody asked for by name, and rows that are selected."""

    def test_of_specs_only_the_row_that_has_their_name_is_bound(self):
        """Each of its keys is a row of the same model."""
        path = "/qos-specs"
        self.asked = self.wanted(path)
        made = self.once(path).json
        (bound,) = self.rows(tables.RESOURCES)
        self.assertEqual(made["qos_specs"]["id"], bound.resource_id)
        self.change(sealed=None)
        rebuilt = self.once(path)
        self.assertEqual("rebuilt", self.state(rebuilt), rebuilt.text)
        self.assertEqual(made, rebuilt.json)

    def test_a_group_that_may_not_be_copied(self):
        """The statement that would insert the copy selects no row."""
        path = "/group_snapshots"
        group = samples.group(self.ask, status="updating")
        key = "group_snapshot"
        self.asked = Wanted(path, {key: {"group_id": group}}, None)
        refused = self.once(path)
        self.assertEqual(400, refused.status_int, refused.text)
        self.assertEqual("executed", self.state(refused))
        self.assertEqual([], self.rows())

    def test_a_refusal_that_leaves_a_group_is_kept(self):
        """Cinder asks for a place once it has committed the group."""
        path = "/groups/action create-from-src"
        self.asked = self.wanted(path)
        self.useFixture(fixtures.MonkeyPatch(
            "cinder.scheduler.rpcapi.SchedulerAPI.validate_host_capacity",
            lambda *_: False,
        ))  # fmt: skip
        for _ in range(2):
            with self.effects() as seen:
                answer = self.once(path)
            self.assertEqual(400, answer.status_int, answer.text)
            self.assertEqual("failed", self.state(answer))
        self.assertEqual([], seen)


class CastsTest(HazardTestCase):
    """What Cinder asks other services for, once it has committed."""

    def test_a_volume_that_nobody_was_asked_to_make(self):
        """It stays as it is, with a token as without one."""
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, self.once)
        with self.effects() as seen:
            rebuilt = self.once()
        self.assertEqual([], seen)
        self.assertEqual("rebuilt", self.state(rebuilt), rebuilt.text)
        self.assertEqual(202, rebuilt.status_int)
        self.assertEqual("creating", rebuilt.json["volume"]["status"])

    def test_an_attachment_without_its_connection_is_no_success(self):
        path, one = "/attachments", self.wanted("/attachments")
        connector = {"connector": {"host": "host-1"}}
        fields = one.body["attachment"] | connector
        self.asked = Wanted(path, {"attachment": fields}, None)
        self.left_by_a_dead_worker(
            Point.AFTER_COMMIT, lambda: self.once(path)
        )
        with self.effects() as seen:
            retry = self.once(path)
        self.assertEqual([], seen)
        self.assertEqual("answer-lost", self.state(retry), retry.text)

    def test_the_key_of_a_transfer_is_in_no_rebuilt_answer(self):
        path = "/volume-transfers"
        self.asked = self.wanted(path)
        first = self.once(path).json["transfer"]
        self.assertEqual(first, self.once(path).json["transfer"])
        self.change(sealed=None)
        rebuilt = self.once(path).json["transfer"]
        self.assertEqual({"auth_key"}, first.keys() - rebuilt.keys())


class CleanUpTest(HazardTestCase):
    """Rows that Cinder marks as deleted again, where it fails later."""

    def setUp(self) -> None:
        super().setUp()
        self.asked = self.wanted("/snapshots")

    def once(self, path: str = "/snapshots", **more: ty.Any) -> ty.Any:
        return super().once(path, **more)

    @contextlib.contextmanager
    def failing(self, meanwhile: ty.Callable[[], ty.Any]) -> ty.Iterator[None]:
        """Let Cinder fail once it has committed the snapshot."""

        def fail(*args: ty.Any, **kwargs: ty.Any) -> None:
            meanwhile()
            raise Broken

        with fixtures.MonkeyPatch(_QUOTAS, fail):
            yield

    def test_what_is_cleaned_up_frees_the_token(self):
        bound: list[ty.Any] = []
        with self.failing(lambda: bound.extend(self.rows(tables.RESOURCES))):
            answer = self.once()
        self.assertEqual(500, answer.status_int, answer.text)
        self.assertEqual("interrupted", self.state(answer))
        self.assertIsNone(self.status(models.Snapshot, bound[0].resource_id))
        self.assertEqual([], self.rows(tables.RESOURCES))
        retry = self.once()
        self.assertEqual("executed", self.state(retry), retry.text)
        self.assertEqual(202, retry.status_int)

    def test_who_lost_the_token_cleans_up_nothing(self):
        retries: list[ty.Any] = []

        def overtaken() -> None:
            self.change(lease_until=0)
            retries.append(common.elsewhere(self.once))

        with self.failing(overtaken):
            slow = self.once()
        self.assertEqual("rebuilt", self.state(retries[0]), retries[0].text)
        self.assertEqual("taken-over", self.state(slow), slow.text)
        made = retries[0].json["snapshot"]["id"]
        self.assertEqual("creating", self.status(models.Snapshot, made))


class ErrorsTest(HazardTestCase):
    """Cinder raises through its pipeline what it does not expect."""

    def test_what_cinder_answers_with_500_leaves_the_token_free(self):
        def broken(*args: ty.Any, **kwargs: ty.Any) -> ty.Any:
            raise Broken

        with fixtures.MonkeyPatch("cinder.volume.api.API.create", broken):
            stock = self.post("/volumes", self.asked)
            answer = self.once()
        self.assertEqual(500, stock.status_int)
        self.assertEqual(stock.json, answer.json)
        self.assertEqual("interrupted", self.state(answer))
        self.assertEqual("executed", self.state(self.once()))

    def test_a_refusal_can_be_corrected(self):
        wrong = Wanted("/volumes", {"volume": {"size": -1}}, None)
        answer = self.post("/volumes", wrong, "t")
        self.assertEqual(400, answer.status_int, answer.text)
        self.assertEqual("executed", self.state(answer))
        self.assertEqual(202, self.once().status_int)

    def test_more_than_the_quota_leaves_the_token_free(self):
        of = models.QuotaClass.resource == "volumes"

        def limit(most: int) -> None:
            change = sa.update(models.QuotaClass).where(of)
            with self.world.engine.begin() as connection:
                connection.execute(change.values(hard_limit=most))

        self.addCleanup(limit, -1)
        limit(0)
        answer = self.once()
        self.assertEqual(413, answer.status_int, answer.text)
        self.assertEqual("executed", self.state(answer))
        self.assertEqual([], self.rows())

    def test_what_cinder_retries_inside_is_bound_once(self):
        """It begins again after a deadlock, in a new transaction."""
        conflicts = [db_exc.DBDeadlock(), db_exc.DBDeadlock()]

        def conflict(*args: ty.Any) -> None:
            if conflicts:
                raise conflicts.pop()

        # It is called behind ours, which has bound the volume by then.
        place = (models.Volume, "after_insert", conflict)
        sa.event.listen(*place)
        self.addCleanup(sa.event.remove, *place)
        with self.effects() as seen:
            first = self.once()
        self.assertEqual("executed", self.state(first), first.text)
        self.assertEqual(3, seen.count("INSERT volumes"))
        (bound,) = self.rows(tables.RESOURCES)
        self.assertEqual(first.json["volume"]["id"], bound.resource_id)
        self.assertEqual(1, self.rows()[0].bound)


class VersionsTest(HazardTestCase):
    def send_as(self, version: str | None) -> ty.Any:
        headers = {} if version is None else {_VERSION: version}
        return self.send("POST", "/volumes", self.asked.body, "t", **headers)

    def test_none_is_the_least(self):
        first = self.send_as(None)
        self.assertEqual(202, first.status_int, first.text)
        for same in ("volume 3.0", " volume  3.0", "compute 2.1,volume 3.0"):
            self.assertEqual("replayed", self.state(self.send_as(same)), same)
        for other in ("volume 3.70", "volume latest"):
            answer = self.send_as(other)
            self.assertEqual("different", self.state(answer), other)

    def test_a_replay_bears_the_version_of_the_stored_answer(self):
        first = self.send_as("volume latest")
        again = self.send_as("volume latest")
        self.assertEqual("replayed", self.state(again))
        self.assertEqual(first.headers[_VERSION], again.headers[_VERSION])

    def test_versions_that_cinder_refuses(self):
        for version, status in (("volume 2.9", 406), ("volume x", 400)):
            answer = self.send_as(version)
            self.assertEqual(status, answer.status_int, version)
            self.assertEqual("executed", self.state(answer))
        self.assertEqual([], self.rows())


class SpellingsTest(HazardTestCase):
    """The project may be in the path, and a format behind it."""

    def test_they_are_one_target(self):
        caller = Caller(project=world.PROJECT)
        first = self.once(caller=caller)
        self.assertEqual(202, first.status_int, first.text)
        own = f"/{world.PROJECT}"
        for path in (f"{own}/volumes", "/volumes.json", f"{own}/volumes/"):
            again = self.post(
                "/volumes", Wanted(path, self.asked.body, None), "t", caller
            )
            self.assertEqual("replayed", self.state(again), path)
            self.assertEqual(first.body, again.body)

    def test_an_action_with_the_project_in_its_path(self):
        name = "/volumes/{volume_id}/action os-reserve"
        wanted, caller = self.wanted(name), Caller(project=world.PROJECT)
        path = f"/{world.PROJECT}{wanted.path}"
        with_it = Wanted(path, wanted.body, None)
        first = self.post(name, with_it, "t", caller)
        self.assertEqual(202, first.status_int, first.text)
        self.assertEqual(1, len(self.rows(tables.RESOURCES)))
        again = self.post(name, wanted, "t", caller)
        self.assertEqual("replayed", self.state(again), again.text)

    def test_the_look_up_is_there_in_each_of_them(self):
        caller = Caller(project=world.PROJECT)
        made = self.once(caller=caller).json["volume"]["id"]
        for path in ("", f"/{world.PROJECT}"):
            answer = self.send(
                "GET", f"{path}/os-client-tokens", None, "t", caller
            )
            (use,) = answer.json["client_tokens"]
            self.assertEqual([made], [one["id"] for one in use["resources"]])

    def test_another_s_project_is_refused_by_cinder(self):
        wanted = Wanted("/abcdef/volumes", self.asked.body, None)
        answer = self.post("/volumes", wanted, "t")
        self.assertEqual(400, answer.status_int, answer.text)
        self.assertEqual([], self.rows())


class ActionsTest(HazardTestCase):
    """The only key of a body says what is done."""

    def test_those_that_only_read_ignore_the_token(self):
        name = "/volumes/{volume_id}/action os-set_image_metadata"
        given = self.wanted(name)
        self.ask("POST", given.path, given.body)
        shows: ty.Any = {"os-show_image_metadata": {}}
        answer = self.send("POST", given.path, shows, "t")
        self.assertEqual(200, answer.status_int, answer.text)
        self.assertIsNone(self.state(answer))
        of_group = f"/groups/{samples.group(self.ask)}/action"
        answer = self.send(
            "POST", of_group, {"list_replication_targets": {}}, "t",
            **self.newest(),
        )  # fmt: skip
        self.assertIsNone(self.state(answer))
        self.assertEqual([], self.rows())

    def test_image_metadata_that_has_been_unset_since_then(self):
        name = "/volumes/{volume_id}/action os-set_image_metadata"
        given = self.wanted(name)
        self.send("POST", given.path, given.body, "t")
        for key in given.body["os-set_image_metadata"]["metadata"]:
            unset = {"os-unset_image_metadata": {"key": key}}
            self.ask("POST", given.path, unset)
        self.change(sealed=None)
        answer = self.send("POST", given.path, given.body, "t")
        self.assertEqual("answer-lost", self.state(answer), answer.text)

    def test_bodies_that_name_none_are_refused_by_cinder(self):
        path = f"/volumes/{samples.bare(self.ask)}/action"
        bodies: list[ty.Any] = [
            {}, {"no": {}}, {"os-reserve": {}, "revert": {}}, [1],
        ]  # fmt: skip
        for body in bodies:
            stock = self.send("POST", path, body)
            answer = self.send("POST", path, body, "t")
            self.assertEqual(stock.status_int, answer.status_int, str(body))
            self.assertGreaterEqual(answer.status_int, 400, str(body))
        self.assertEqual([], self.rows(tables.RESOURCES))

    def test_those_of_another_path_are_refused_by_cinder(self):
        ids = {"groups": samples.group, "types": samples.volume_type}
        for path, names in test_operations.ELSEWHERE.items():
            at = path.replace("{}", ids[path.split("/")[1]](self.ask))
            for name in names:
                with self.effects() as seen:
                    answer = self.send(
                        "POST", at, {name: {}}, None, **self.newest()
                    )
                self.assertGreaterEqual(answer.status_int, 400, name)
                self.assertEqual([], seen, name)


class PoliciesTest(HazardTestCase):
    def test_they_are_there_before_the_first_request(self):
        """While one thread registers them, Cinder fails others with 500."""
        self.addCleanup(policy.init)
        policy.reset()
        Filter(self.world.application, base.ADAPTER, self.world.conf)
        self.assertIn("volume:create", policy.get_rules())
