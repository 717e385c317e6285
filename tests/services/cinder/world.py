# SPDX-License-Identifier: Apache-2.0
"""Cinder, as uWSGI would load it: by its paste file, with our filter in it.

Its other services are rows, of services that are up, and whoever calls one of
them is answered. Keystone's middleware is left out, and its headers are given.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import pathlib
import sys
import typing as ty
import warnings

import oslo_messaging
import sqlalchemy as sa

from embedded import paste
from embedded.serving import writers
from openstack_idempotency.sql import migration
from tests.services import world

#: Where volumes and backups are.
HOST: ty.Final = "host-1@fake"
PROJECT: ty.Final = "a0b1c2d3e4f5"
_CONF: ty.Final = """
[DEFAULT]
log_file = {folder}/cinder.log
transport_url = fake://
rpc_response_timeout = 120
state_path = {folder}
api_paste_config = {folder}/api-paste.ini
default_volume_type = __DEFAULT__
service_down_time = 86400
enable_force_upload = true
[cors]
allowed_origin = https://dashboard.example
[database]
connection = {url}
sqlite_synchronous = false
[coordination]
backend_url = file://{folder}/coordination
[oslo_concurrency]
lock_path = {folder}/locks
[oslo_messaging_notifications]
driver = noop
"""


def write(folder: pathlib.Path, url: str) -> pathlib.Path:
    """Write the configuration, and return the file."""
    file = folder / "cinder.conf"
    text = _CONF.format(folder=folder, url=url)
    file.write_text(text + world.IDEMPOTENCY)
    world.write_paste(
        folder / "api-paste.ini",
        paste.trusting("cinder", "api-paste.ini",
                       "composite:openstack_volume_api_v3",
                       "keystonecontext", "faultwrap"),
        file,
    )  # fmt: skip
    return file


@functools.cache
def cinder() -> world.World:
    """Return the one of this process."""
    folder = world.folder()
    url = world.database(folder, "cinder")
    file = write(folder, url)
    writers.begin_immediately()
    made = _make_tables(url)
    _add_services(made)
    made.dispose()
    with _configured_by(file):
        from cinder.wsgi.api import application
    # It lets each be told again and again, many of them its own.
    warnings.simplefilter("ignore", DeprecationWarning)
    from oslo_config import cfg

    from openstack_idempotency.services.cinder import ADAPTER

    _answer_as_services()
    _answer_as_glance()
    engine = ADAPTER.database().writer.get_engine()
    return world.World(
        application, ADAPTER, cfg.CONF, engine, world.authenticated, "/v3"
    )


def _make_tables(url: str) -> sa.Engine:
    """Make the tables by Cinder's own migrations, and ours beside them."""
    from cinder.db import migration as upstream

    engine = sa.create_engine(url)
    upstream.db_sync(engine=engine)
    migration.db_sync(engine)
    return engine


@contextlib.contextmanager
def _configured_by(file: pathlib.Path) -> ty.Iterator[None]:
    """Let Cinder find its configuration, which only its arguments name."""
    given, sys.argv = sys.argv, [sys.argv[0], "--config-file", str(file)]
    try:
        yield
    finally:
        sys.argv = given


def _add_services(engine: sa.Engine) -> None:
    from cinder.backup import rpcapi as backup
    from cinder.db import models
    from cinder.objects import base
    from cinder.scheduler import rpcapi as scheduler
    from cinder.volume import rpcapi as volume

    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    rows = [
        {
            "binary": api.BINARY,
            "topic": api.TOPIC,
            "host": HOST,
            "availability_zone": "nova",
            "created_at": now,
            # It is up as long as these tests run.
            "updated_at": now + datetime.timedelta(days=1),
            "rpc_current_version": api.RPC_API_VERSION,
            "object_current_version": base.OBJ_VERSIONS.get_current(),
        }
        for api in (backup.BackupAPI, scheduler.SchedulerAPI, volume.VolumeAPI)
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(models.Service), rows)
        # Its migrations have written limits there, which count more.
        connection.execute(sa.update(models.QuotaClass).values(hard_limit=-1))


#: What is called and waited for; all else is cast.
_CALLS: ty.Final[dict[str, ty.Any]] = {
    "accept_transfer": None,
    "attach_volume": None,
    "detach_volume": None,
    "initialize_connection": {"driver_volume_type": "fake", "data": {}},
    "migrate_volume_completion": "a-volume",
    "terminate_connection": None,
    "work_cleanup": ([], []),
}
#: The calls that were answered.
ANSWERED: ty.Final[list[str]] = []


class _Service:
    """Takes whatever it is asked for, and says yes."""

    def __init__(self, version: str) -> None:
        self.target = oslo_messaging.Target(version=version)

    def __getattr__(self, name: str) -> ty.Any:
        if name.startswith(("_", "oslo_")):
            raise AttributeError(name)

        def answer(*args: ty.Any, **kwargs: ty.Any) -> ty.Any:
            if name in _CALLS:
                ANSWERED.append(name)
            return _CALLS.get(name, True)

        return answer


def _answer_as_services() -> None:
    from cinder import rpc
    from cinder.backup import rpcapi as backup
    from cinder.scheduler import rpcapi as scheduler
    from cinder.volume import rpcapi as volume

    for api, topic in (
        (backup.BackupAPI, backup.BackupAPI.TOPIC),
        (scheduler.SchedulerAPI, scheduler.SchedulerAPI.TOPIC),
        (volume.VolumeAPI, f"{volume.VolumeAPI.TOPIC}.{HOST}"),
    ):
        for server in (HOST, HOST.partition("@")[0]):
            target = oslo_messaging.Target(topic=topic, server=server)
            rpc.get_server(target, [_Service(api.RPC_API_VERSION)]).start()


def _answer_as_glance() -> None:
    """Let images be there: Cinder asks another service for them."""
    from cinder.image import glance

    def made(self: ty.Any, context: ty.Any, about: ty.Any) -> ty.Any:
        ANSWERED.append("image")
        return about | {"id": "an-image"}

    def found(self: ty.Any, context: ty.Any, image: str) -> ty.Any:
        return {"id": image, "status": "active", "size": 1, "properties": {}}

    glance.GlanceImageService.create = made
    glance.GlanceImageService.show = found
