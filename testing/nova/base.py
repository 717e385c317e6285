# SPDX-License-Identifier: Apache-2.0
"""A whole Nova in one process, with its own fixtures and our paste line."""

from __future__ import annotations

import contextvars
import typing as ty

import fixtures
from oslo_serialization import jsonutils
import sqlalchemy as sa

from nova import test
from nova.api.openstack import wsgi_app
import nova.conf
from nova.conf import idempotency as options
from nova.db.api import api as api_db
from nova.idempotency import service
from nova.tests import fixtures as nova_fixtures
from nova.tests.functional.api import client
from openstack_idempotency.engine import points
from openstack_idempotency.sql import tables
from testing import databases as servers
from testing.nova import databases
from testing.nova import parts

SECRET = "functional tests only, no secret: 0123456789"
OTHER_SECRET = "functional tests only, no secret: 9876543210"

#: Where a worker of a linked operation may die, by what it leaves.
BEFORE_THE_COMMIT = (
    points.Point.AFTER_CLAIM,
    points.Point.BEFORE_METHOD,
    points.Point.BEFORE_LINK,
    points.Point.BEFORE_COMMIT,
)
AFTER_THE_COMMIT = (
    points.Point.AFTER_COMMIT,
    points.Point.AFTER_METHOD,
    points.Point.BEFORE_SETTLE,
)


class Died(BaseException):
    """Stands for the end of a worker: nothing of ours may catch it."""


class TestCase(test.TestCase):  # type: ignore[misc]
    """Nova's API with fake neighbours; what it casts to others is dropped."""

    microversion = "2.90"

    #: Where Nova's API database is, one of its kinds.
    backend: ty.ClassVar[str] = "sqlite"
    #: Options of group [idempotency] besides the secret.
    options: ty.ClassVar[dict[str, ty.Any]] = {}
    #: Whether api-paste.ini loads our router.
    woven: ty.ClassVar[bool] = True
    #: Whether the API is served at /v2, too.
    older: ty.ClassVar[bool] = False

    def setUp(self) -> None:
        missing = servers.missing(self.backend)
        if missing:
            self.skipTest(missing)
        database = databases.replacement(self.backend)
        # The real policy from the start: the one of Nova's tests, which they
        # load first, is a file that takes long to parse.
        for name, fixture in (
            ("Database", database),
            ("DefaultFlavorsFixture", parts.Flavors),
            ("PolicyFixture", nova_fixtures.RealPolicyFixture),
        ):
            place = f"nova.tests.fixtures.{name}"
            self.useFixture(fixtures.MonkeyPatch(place, fixture))
        # An idle thread of a pool asks once in so many seconds whether it has
        # been shut down, and on Nova 33 each test waits for that.
        idle = "futurist._thread.ThreadWorker.MAX_IDLE_FOR"
        self.useFixture(fixtures.MonkeyPatch(idle, 0.05))
        super().setUp()
        self.useFixture(parts.Threads())
        self.useFixture(nova_fixtures.NeutronFixture(self))
        self.useFixture(nova_fixtures.CinderFixture(self))
        self.glance = self.useFixture(nova_fixtures.GlanceFixture(self))
        options.register_opts(nova.conf.CONF)
        self.configure(**{"secret": [SECRET], **self.options})
        served = parts.PasteFile(woven=self.woven, older=self.older)
        path = self.useFixture(served).path
        self.flags(group="wsgi", api_paste_config=path)
        self.addCleanup(service.from_configuration.forget)
        self.addCleanup(points.arm, None)
        self.api_fixture: ty.Any = None
        self.addCleanup(self.stop_api)
        self.start_api()

    def start_api(self) -> None:
        """Load the API, again if it was loaded before."""
        self.stop_api()
        wsgi_app.init_application.reset()
        self.api_fixture = parts.Api(api_version="v2.1")
        self.api_fixture.setUp()
        self.api = self.api_fixture.api
        self.api.microversion = self.microversion

    def stop_api(self) -> None:
        """Unload the API, if it is loaded."""
        if self.api_fixture is not None:
            self.api_fixture.cleanUp()
            self.api_fixture = None

    def configure(self, **values: ty.Any) -> None:
        """Set options, for the services that are loaded from now on."""
        self.flags(group="idempotency", **values)
        service.from_configuration.forget()

    def client(self, user: str, project: str) -> ty.Any:
        """Return a client of another caller."""
        other = client.TestOpenStackClient(
            user,
            self.api_fixture.base_url,
            project_id=project,
            roles=["reader", "member"],
        )
        other.microversion = self.microversion
        return other

    def post(
        self,
        path: str,
        body: ty.Any,
        token: str | None = None,
        api: ty.Any = None,
        **headers: str,
    ) -> ty.Any:
        """Send a POST, and return the answer whatever its status is.

        :param body: JSON as a string, or what becomes JSON
        """
        if token is not None:
            headers["X-Client-Token"] = token
        if not isinstance(body, str):
            body = jsonutils.dumps(body)
        return (api or self.api).api_request(
            path,
            method="POST",
            body=body,
            headers={"Content-Type": "application/json", **headers},
        )

    def boot(self, token: str | None = None, **fields: ty.Any) -> ty.Any:
        """Send a POST /servers, the same one each time but for fields."""
        return self.post("/servers", self.server(**fields), token)

    def server(self, **fields: ty.Any) -> ty.Any:
        """Return the body of a POST /servers."""
        image = self.glance.auto_disk_config_enabled_image["id"]
        server = {"name": "vm1", "imageRef": image, "networks": "none"}
        return {"server": server | {"flavorRef": "1"} | fields}

    def servers(self) -> list[str]:
        """Return the ids of all servers of the caller."""
        return [server["id"] for server in self.api.get_servers(detail=False)]

    def generate(self, name: str, token: str, **headers: str) -> ty.Any:
        """Send a POST /os-keypairs that generates a private key."""
        return self.post(
            "/os-keypairs", {"keypair": {"name": name}}, token, **headers
        )

    def rows(self, table: sa.Table = tables.TOKENS) -> list[ty.Any]:
        """Return the rows of a table of ours."""
        with api_db.get_engine().connect() as connection:
            query = sa.select(table).order_by(*table.primary_key)
            return list(connection.execute(query))

    def change(self, **values: ty.Any) -> None:
        """Change all tokens in the table, as time or another one would."""
        with api_db.get_engine().begin() as connection:
            connection.execute(sa.update(tables.TOKENS).values(values))

    def dies_at(self, point: points.Point) -> None:
        """Let the next worker that comes to a point end there."""

        def die(reached: points.Point) -> None:
            if reached is point:
                points.arm(None)
                raise Died

        points.arm(die)

    def left_by_a_dead_worker(
        self, point: points.Point, send: ty.Callable[[], ty.Any]
    ) -> None:
        """Send a request whose worker dies, and let its lease run out."""
        self.dies_at(point)
        self.assertRaises(Died, send)
        self.change(lease_until=0)

    def assert_fault(self, answer: ty.Any, status: int, says: str) -> None:
        """Assert that an answer is one of Nova's faults."""
        self.assertEqual(status, answer.status_code, answer.content)
        (fault,) = answer.json().values()
        self.assertEqual(status, fault["code"])
        self.assertIn(says, fault["message"])
        self.assertTrue(answer.headers["x-openstack-request-id"])


if ty.TYPE_CHECKING:
    #: What a mixin of tests is derived from: what it is mixed into.
    Mixin = TestCase
else:
    Mixin = object


def elsewhere(send: ty.Callable[[], ty.Any]) -> ty.Any:
    """Do something as another worker does, which knows no claim of ours.

    :param send: what is called in the middle of a request
    """
    return contextvars.Context().run(send)


def on_each_database(
    scenarios: type[ty.Any], backends: ty.Iterable[str] = servers.BACKENDS
) -> dict[str, type[TestCase]]:
    """Return a class of tests for each kind of database.

    :param scenarios: a mixin with the tests
    :param backends: the kinds
    """
    made = {}
    for backend in backends:
        name = f"{scenarios.__name__}On{backend.capitalize()}"
        fields = {"backend": backend, "__module__": scenarios.__module__}
        made[name] = type(name, (scenarios, TestCase), fields)
    return made
