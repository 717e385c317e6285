# SPDX-License-Identifier: Apache-2.0
"""What is particular to Glance: its transactions, and what it does later."""

from __future__ import annotations

from concurrent import futures
import typing as ty

import fixtures
from glance.api.v2 import images
from glance.api.v2 import metadef_namespaces
from glance.db.sqlalchemy import models
from oslo_db import exception as db_exc
import sqlalchemy as sa

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.sql import tables
from tests.services import base as common
from tests.services.glance import base
from tests.services.glance import samples
from tests.services.sample import Wanted

_CLEAN_UP: ty.Final = (
    "glance.api.v2.metadef_namespaces.NamespaceController._cleanup_namespace"
)
_NAMESPACES: ty.Final = "/metadefs/namespaces"
_CACHE: ty.Final = "glance.api.middleware.cache.CacheFilter.process_request"


class Broken(Exception):
    """What nobody expects."""


class ErrorsTest(base.GlanceTestCase):
    """Protocol section 3: what is not answered, and what is retried."""

    def fails(self, name: str) -> ty.Any:
        def broken(*args: ty.Any, **kwargs: ty.Any) -> ty.Any:
            raise Broken

        return fixtures.MonkeyPatch(name, broken)

    def test_what_glance_answers_with_500_leaves_the_token_free(self):
        wanted = self.wanted("/images")
        with self.fails("glance.api.v2.images.ImagesController.create"):
            stock = self.post("/images", wanted)
            answer = self.post("/images", wanted, "t")
        self.assertEqual(500, stock.status_int)
        self.assertEqual(stock.body, answer.body)
        self.assertEqual("interrupted", self.state(answer))
        answer = self.post("/images", wanted, "t")
        self.assertEqual(201, answer.status_int, answer.text)

    def test_what_leaves_its_application_is_answered(self):
        wanted = self.wanted("/images")
        with self.fails(_CACHE):
            self.assertRaises(Broken, self.post, "/images", wanted)
            answer = self.post("/images", wanted, "t")
        self.assertEqual(500, answer.status_int, answer.text)
        self.assertIn("X-Client-Token-State", self.fault(answer))
        self.assertEqual("interrupted", self.state(answer))
        answer = self.post("/images", wanted, "t")
        self.assertEqual("executed", self.state(answer), answer.text)
        self.assertEqual(201, answer.status_int)

    def test_it_is_answered_again_where_nobody_knows_what_it_left(self):
        """What is not linked runs once, however it ends."""
        path = "/cache/clean"
        wanted = self.wanted(path)
        with self.fails(_CACHE):
            first = self.post(path, wanted, "t")
        again = self.post(path, wanted, "t")
        for answer in (first, again):
            self.assertEqual(500, answer.status_int, answer.text)
            self.assertEqual("failed", self.state(answer))
        self.assertEqual(first.body, again.body)

    def test_a_status_is_worded_as_without_a_token(self):
        """As an import that another host refuses, whose words Glance gives."""

        def refuse(*args: ty.Any, **kwargs: ty.Any) -> ty.Any:
            raise images.proxy_response_error(409, "Something Failed")

        wanted = self.wanted("/images")
        name = "glance.api.v2.images.ImagesController.create"
        with fixtures.MonkeyPatch(name, refuse):
            stock = self.post("/images", wanted)
            answer = self.post("/images", wanted, "t")
        self.assertEqual("409 Something Failed", stock.status)
        self.assertEqual(stock.status, answer.status)

    def test_a_refusal_can_be_corrected(self):
        wrong = {"name": "of tests", "visibility": "of nobody"}
        answer = self.send("POST", "/images", wrong, "t")
        self.assertEqual(400, answer.status_int)
        self.assertEqual("executed", self.state(answer))
        right = wrong | {"visibility": "private"}
        answer = self.send("POST", "/images", right, "t")
        self.assertEqual(201, answer.status_int, answer.text)

    def test_what_glance_retries_inside_is_bound_once(self):
        """It begins again after a deadlock, in a new transaction."""
        conflicts = [db_exc.DBDeadlock(), db_exc.DBDeadlock()]

        def conflict(*args: ty.Any) -> None:
            if conflicts:
                raise conflicts.pop()

        # It is called behind ours, which has bound the image by then.
        sa.event.listen(models.Image, "after_insert", conflict)
        self.addCleanup(
            sa.event.remove, models.Image, "after_insert", conflict
        )
        with self.effects() as seen:
            first = self.post("/images", self.wanted("/images"), "t")
        self.assertEqual("executed", self.state(first), first.text)
        self.assertEqual([], conflicts)
        self.assertEqual(3, seen.count("INSERT images"))
        (bound,) = self.rows(tables.RESOURCES)
        self.assertEqual(first.json["id"], bound.resource_id)
        self.assertEqual(1, self.rows()[0].bound)


class ImagesTest(base.GlanceTestCase):
    """Tags are committed after the image, and properties with it."""

    def setUp(self) -> None:
        super().setUp()
        self.asked = self.wanted("/images")

    def once(self) -> ty.Any:
        return self.post("/images", self.asked, "t")

    def test_an_image_without_its_tags_is_no_success(self):
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, self.once)
        with self.effects() as seen:
            answer = self.once()
        self.assertEqual([], seen)
        self.assertEqual("answer-lost", self.state(answer))

    def test_an_image_that_was_to_have_none(self):
        del self.asked.body["tags"]
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, self.once)
        rebuilt = self.once()
        self.assertEqual("rebuilt", self.state(rebuilt))
        self.assertEqual("yes", rebuilt.json["of_tests"])

    def test_who_lost_the_token_adds_no_tags(self):
        """The client has been told that there is more to look at."""
        retries: list[ty.Any] = []

        def overtaken(reached: Point) -> None:
            if reached is Point.AFTER_COMMIT:
                points.arm(None)
                self.change(lease_until=0)
                # Glance's sessions belong to threads, and this one is in one.
                with futures.ThreadPoolExecutor(1) as another:
                    retries.append(another.submit(self.once).result())

        points.arm(overtaken)
        slow = self.once()
        lost = self.state(retries[0])
        self.assertEqual("answer-lost", lost, retries[0].text)
        self.assertEqual("taken-over", self.state(slow), slow.text)
        name = self.asked.body["name"]
        (shown,) = self.ask("GET", f"/images?name={name}")["images"]
        self.assertEqual([], shown["tags"])

    def test_one_that_was_deleted_is_not_made_again(self):
        made = self.once().json["id"]
        self.change(sealed=None)
        self.ask("DELETE", f"/images/{made}")
        with self.effects() as seen:
            answer = self.once()
        self.assertEqual([], seen)
        self.assertEqual("answer-lost", self.state(answer))

    def test_nor_shown_as_another_one_with_its_id(self):
        """Operators purge what is deleted; then the id is free again."""
        made = self.once().json["id"]
        self.change(sealed=None)
        self.ask("DELETE", f"/images/{made}")
        with self.world.engine.begin() as connection:
            for table in reversed(models.BASE.metadata.sorted_tables):
                if "image_id" in table.c:
                    connection.execute(
                        sa.delete(table).where(table.c.image_id == made)
                    )
            images = models.Image.__table__
            connection.execute(sa.delete(images).where(images.c.id == made))
        self.ask("POST", "/images", self.asked.body | {"id": made})
        self.assertEqual("answer-lost", self.state(self.once()))

    def test_who_was_a_member_before_is_bound_again(self):
        """Glance takes the row that it had marked as deleted."""
        path = "/images/{image_id}/members"
        asked = self.wanted(path)
        self.post(path, asked)
        self.ask("DELETE", f"{asked.path}/{asked.body['member']}")
        with self.effects() as seen:
            self.left_by_a_dead_worker(
                Point.AFTER_COMMIT, lambda: self.post(path, asked, "t")
            )
        self.assertEqual(["UPDATE image_members"], seen)
        answer = self.post(path, asked, "t")
        self.assertEqual("rebuilt", self.state(answer), answer.text)
        self.assertEqual(asked.body["member"], answer.json["member_id"])


class TasksTest(base.GlanceTestCase):
    """They run in threads of the process, after the answer."""

    def test_what_they_do_is_not_bound(self):
        path = "/images/{image_id}/import"
        wanted = self.wanted(path)
        self.post(path, wanted, "t")
        self.assertEqual(1, len(self.rows(tables.RESOURCES)))
        image = wanted.path.removesuffix("/import")
        self.assertEqual("active", self.ask("GET", image)["status"])

    def test_the_lock_of_a_dead_import_does_not_stop_its_retry(self):
        """It is committed before the task, and names one that is not there."""
        path = "/images/{image_id}/import"
        wanted = self.wanted(path)
        image = wanted.path.removesuffix("/import")

        def once() -> ty.Any:
            return self.post(path, wanted, "t")

        self.left_by_a_dead_worker(Point.BEFORE_LINK, once)
        self.assertIn("os_glance_import_task", self.ask("GET", image))
        retry = once()
        self.assertEqual("executed", self.state(retry), retry.text)
        self.assertEqual("active", self.ask("GET", image)["status"])


def _names(several: ty.Any) -> list[str]:
    return [one["name"] if isinstance(one, dict) else one for one in several]


class NamespacesTest(base.GlanceTestCase):
    """A namespace is committed before what is in it."""

    def setUp(self) -> None:
        super().setUp()
        named = {"namespace": common.some("namespace")}
        # The second of them is refused, so Glance deletes all.
        twice = [{"name": "the same"}] * 2
        self.asked = Wanted(_NAMESPACES, named | {"objects": twice}, None)

    def once(self) -> ty.Any:
        return self.post(_NAMESPACES, self.asked, "t")

    def test_a_namespace_without_what_is_in_it_is_no_success(self):
        del self.asked.body["objects"][1]
        self.left_by_a_dead_worker(Point.AFTER_COMMIT, self.once)
        with self.effects() as seen:
            answer = self.once()
        self.assertEqual([], seen)
        self.assertEqual("answer-lost", self.state(answer))

    def test_a_namespace_with_all_that_was_asked_for(self):
        for key, given in (
            ("objects", [{"name": "an object"}]),
            ("properties", {"one": {"type": "string", "title": "One"}}),
            ("tags", [{"name": "a tag"}]),
            ("resource_type_associations", [{"name": "OS::Of::Tests"}]),
        ):
            named = {"namespace": common.some("namespace"), key: given}
            first = self.send("POST", _NAMESPACES, named, key)
            self.assertEqual("executed", self.state(first), first.text)
            self.change(sealed=None)
            rebuilt = self.send("POST", _NAMESPACES, named, key)
            self.assertEqual("rebuilt", self.state(rebuilt), key)
            # A GET shows more of each.
            shown = [_names(answer.json[key]) for answer in (first, rebuilt)]
            self.assertEqual([_names(given)] * 2, shown)

    def test_what_is_cleaned_up_frees_the_token(self):
        answer = self.once()
        self.assertEqual(409, answer.status_int)
        self.assertEqual("executed", self.state(answer), answer.text)
        self.assertEqual([], self.rows(tables.RESOURCES))
        del self.asked.body["objects"][1]
        answer = self.once()
        self.assertEqual(201, answer.status_int, answer.text)

    def test_who_lost_the_token_deletes_no_namespace(self):
        retries: list[ty.Any] = []
        going_on = metadef_namespaces.NamespaceController._cleanup_namespace

        def overtaken(*args: ty.Any) -> ty.Any:
            self.change(lease_until=0)
            retries.append(common.elsewhere(self.once))
            return going_on(*args)

        self.useFixture(fixtures.MonkeyPatch(_CLEAN_UP, overtaken))
        slow = self.once()
        self.assertEqual("rebuilt", self.state(retries[0]), retries[0].text)
        self.assertEqual("taken-over", self.state(slow), slow.text)
        name = self.asked.body["namespace"]
        shown = self.ask("GET", f"{_NAMESPACES}/{name}")
        self.assertEqual(1, len(shown["objects"]))

    def test_several_tags_are_bound_and_rebuilt(self):
        path = f"{samples.namespace(self.ask)}/tags"
        body = {"tags": [{"name": common.some("tag")} for _ in range(3)]}
        first = self.send("POST", path, body, "t")
        self.assertEqual(3, len(self.rows(tables.RESOURCES)))
        self.change(sealed=None)
        rebuilt = self.send("POST", path, body, "t")
        self.assertEqual("rebuilt", self.state(rebuilt))
        self.assertEqual(first.json, rebuilt.json)
