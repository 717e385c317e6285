# SPDX-License-Identifier: Apache-2.0
"""Nova's conductor, scheduler and placement, for servers in the making.

The cast by which the API hands a request to the conductor waits until a test
lets it through, and the conductor can be stopped before each of its steps.
"""

from __future__ import annotations

import typing as ty

import fixtures
from oslo_messaging import exceptions
import sqlalchemy as sa

from nova import context
from nova import objects
from nova.compute import rpcapi as compute_rpcapi
from nova.conductor import api as conductor_api
from nova.conductor import manager as conductor
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import api as main_db
from nova.db.main import models as main_models
from nova.scheduler import utils as scheduler_utils
from nova.scheduler.client import report
from nova.tests import fixtures as nova_fixtures
from nova.tests.functional import fixtures as func_fixtures
from tests.functional import withdrawing

# As it is before Nova's fixture of cells replaces it: the fixture's lets the
# whole process use one cell at a time, and the conductor is stopped in one.
_target_cell = context.target_cell

#: The steps of the conductor: all that writes, and all that decides.
STEPS: tuple[tuple[type | ty.Any, str], ...] = (
    (conductor.ComputeTaskManager, "schedule_and_build_instances"),
    (conductor.ComputeTaskManager, "_schedule_instances"),
    (objects.HostMapping, "get_by_host"),
    (objects.BuildRequest, "get_by_instance_uuid"),
    (objects.Instance, "create"),
    (conductor.ComputeTaskManager, "_recheck_quota"),
    (scheduler_utils, "fill_provider_mapping"),
    (objects.InstanceAction, "action_start"),
    (conductor.ComputeTaskManager, "_create_block_device_mapping"),
    (conductor.ComputeTaskManager, "_create_tags"),
    (conductor.ComputeTaskManager, "_map_instance_to_cell"),
    (objects.InstanceMapping, "get_by_instance_uuid"),
    (objects.InstanceMapping, "save"),
    (objects.InstanceMapping, "destroy"),
    (objects.BuildRequest, "destroy"),
    (objects.RequestSpec, "destroy"),
    (objects.Instance, "destroy"),
    (conductor.ComputeTaskManager, "_bury_in_cell0"),
    (conductor.ComputeTaskManager, "_cleanup_build_artifacts"),
    (conductor.ComputeTaskManager, "_set_vm_state_and_notify"),
    (conductor.ComputeTaskManager, "_create_and_bind_arq_for_instance"),
)


# The rows of a server in a cell, by the column that has its id.
_OF_A_SERVER = {
    model.__table__: model.__table__.c[column]
    for model, column in (
        (main_models.Instance, "uuid"),
        (main_models.BlockDeviceMapping, "instance_uuid"),
        (main_models.InstanceExtra, "instance_uuid"),
        (main_models.InstanceFault, "instance_uuid"),
        (main_models.InstanceInfoCache, "instance_uuid"),
        (main_models.InstanceMetadata, "instance_uuid"),
        (main_models.InstanceSystemMetadata, "instance_uuid"),
        (main_models.Tag, "resource_id"),
    )
}

_IN_THE_API_DATABASE = (
    api_models.BuildRequest.__table__,
    api_models.InstanceGroupMember.__table__,
    api_models.RequestSpec.__table__,
)


def _alive(
    connection: sa.Connection, table: sa.Table, mine: sa.ColumnElement[bool]
) -> bool:
    query = sa.select(sa.func.count()).select_from(table).where(mine)
    if "deleted" in table.c:
        query = query.where(table.c.deleted == 0)
    return connection.execute(query).scalar_one() > 0


class Stops(fixtures.Fixture):
    """Runs a function before a step of the conductor."""

    def __init__(self) -> None:
        self._passes = 0
        self._name: str | None = None
        self._run: ty.Callable[[], ty.Any] | None = None
        #: The name of the step before which it ran.
        self.stopped_at: str | None = None

    def before(
        self,
        run: ty.Callable[[], ty.Any],
        passes: int = 0,
        name: str | None = None,
    ) -> None:
        """Run a function before one of the next steps.

        :param run: the function
        :param passes: how many steps go by before it
        :param name: which steps count; all, if there is none
        """
        self._run, self._passes, self._name = run, passes, name
        self.stopped_at = None

    def _setUp(self) -> None:
        for owner, method in STEPS:
            there = vars(owner)[method]
            plain = getattr(there, "__func__", there)
            step = self._step(plain, f"{owner.__name__}.{method}")
            if isinstance(there, classmethod | staticmethod):
                step = type(there)(step)
            self.useFixture(fixtures.MockPatchObject(owner, method, step))

    def _step(self, there: ty.Any, name: str) -> ty.Any:
        def step(*args: ty.Any, **kwargs: ty.Any) -> ty.Any:
            if self._run is not None and self._name in (None, name):
                self._passes -= 1
                if self._passes < 0:
                    self._stop(name)
            return there(*args, **kwargs)

        return step

    def _stop(self, name: str) -> None:
        run, self._run, self.stopped_at = self._run, None, name
        assert run is not None
        with fixtures.MonkeyPatch("nova.context.target_cell", _target_cell):
            run()


class Building(withdrawing.Withdrawing):
    """A mixin with a cloud whose casts to the conductor wait."""

    def setUp(self) -> None:
        super().setUp()
        #: The casts that wait, and the servers that a host was to build.
        self.casts: list[ty.Callable[[], ty.Any]] = []
        self.built: list[str] = []
        self.broker_is_down = False
        self.useFixture(func_fixtures.PlacementFixture())
        self.useFixture(nova_fixtures.CastAsCallFixture(self))
        # Their timers' threads, and the one in which the scheduler reads all
        # instances at its start, would use the one connection to SQLite that
        # the others have, in the midst of a transaction.
        self.flags(periodic_enable=False, report_interval=0)
        self.flags(track_instance_changes=False, group="filter_scheduler")
        for name in ("conductor", "scheduler"):
            self.start_service(name)
        self.start_service("compute", host="h1")
        self.stops = self.useFixture(Stops())
        self._hold_casts()
        self.useFixture(
            fixtures.MockPatchObject(
                compute_rpcapi.ComputeAPI, "build_and_run_instance", self.build
            )
        )

    def _hold_casts(self) -> None:
        cast = conductor_api.ComputeTaskAPI.schedule_and_build_instances

        def held(*args: ty.Any, **kwargs: ty.Any) -> None:
            if self.broker_is_down:
                raise exceptions.MessageDeliveryFailure("no broker")
            self.casts.append(lambda: cast(*args, **kwargs))

        self.useFixture(
            fixtures.MockPatchObject(
                conductor_api.ComputeTaskAPI,
                "schedule_and_build_instances",
                held,
            )
        )

    def build(self, ctxt: ty.Any, **kwargs: ty.Any) -> None:
        self.built.append(kwargs["instance"].uuid)

    def deliver(self) -> Exception | None:
        """Let the conductor have the cast that came first, until it ends.

        :returns: the error with which it ended
        """
        try:
            self.casts.pop(0)()
        except Exception as exc:
            return exc
        return None

    def records(self, server: str) -> list[tuple[str, str]]:
        """Return each cell's name and table with living rows of a server."""
        found = []
        admin = context.get_admin_context()
        for cell in objects.CellMappingList.get_all(admin):
            with context.target_cell(admin, cell) as targeted:
                engine = main_db.get_engine(context=targeted)
                with engine.connect() as connection:
                    found += [
                        (cell.name, table.name)
                        for table, column in _OF_A_SERVER.items()
                        if _alive(connection, table, column == server)
                    ]
        return found

    def allocations(self, server: str) -> ty.Any:
        """Return what placement keeps for a server."""
        client = report.report_client_singleton()
        admin = context.get_admin_context()
        return client.get_allocs_for_consumer(admin, server)["allocations"]

    def assert_nothing_is_left(self, server: str, why: str = "") -> None:
        """Assert that nothing but a mapping knows of a withdrawn server."""
        self.assertEqual([], self.records(server), why)
        self.assertEqual({}, self.allocations(server), why)
        self.assertNotIn(server, self.attached(), why)
        self.assertNotIn(server, self.built, why)
        self.assertNotIn(server, self.servers(), why)
        for table in _IN_THE_API_DATABASE:
            mine = table.c.instance_uuid == server
            query = sa.select(table.c.id).where(mine)
            with api_db.get_engine().connect() as connection:
                self.assertEqual([], connection.scalars(query).all(), why)
        answer = self.api.api_request(f"/servers/{server}")
        self.assertEqual(404, answer.status_code, why)
