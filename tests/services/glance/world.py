# SPDX-License-Identifier: Apache-2.0
"""Glance, as uWSGI would load it: by its paste file, with our filter in it."""

from __future__ import annotations

import contextlib
import functools
import os
import pathlib
import threading
import typing as ty

import sqlalchemy as sa

from embedded import paste
from embedded.services.glance import STORES
from embedded.serving import writers
from openstack_idempotency.sql import migration
from tests.services import world

_CONF = """
[DEFAULT]
use_stderr = false
enabled_backends = fs:file
image_cache_dir = {folder}/cache
image_cache_max_size = 0
image_cache_stall_time = 0
worker_self_reference_url = http://glance-1.example
[cors]
allowed_origin = https://dashboard.example
[database]
connection = {url}
sqlite_synchronous = false
[oslo_concurrency]
lock_path = {folder}
[paste_deploy]
flavor = keystone+cachemanagement
config_file = {folder}/glance-api-paste.ini
[glance_store]
default_backend = fs
[wsgi]
task_pool_threads = 1
[taskflow_executor]
engine_mode = serial
"""
_PATIENCE: ty.Final = 120


def write(folder: pathlib.Path, url: str) -> pathlib.Path:
    """Write the configuration, and return the file."""
    text = _CONF.format(folder=folder, url=url) + world.IDEMPOTENCY
    for store, name in STORES.items():
        (folder / name).mkdir()
        text += f"[{store}]\nfilesystem_store_datadir = {folder / name}\n"
    file = folder / "glance-api.conf"
    file.write_text(text)
    name = "glance-api-paste.ini"
    world.write_paste(
        folder / name,
        paste.trusting("glance", name, "composite:api", "context"),
        file,
    )
    return file


class Glance:
    """Where it keeps files, and what it does after it has answered."""

    def __init__(self, folder: pathlib.Path) -> None:
        from glance.api import common

        self.folder = folder
        self._pool = common.get_thread_pool("tasks_pool").pool
        self._held = 0

    def cached(self) -> list[pathlib.Path]:
        """Return the files of its cache."""
        cache = self.folder / "cache"
        return [path for path in cache.rglob("*") if path.is_file()]

    @contextlib.contextmanager
    def tasks_held(self) -> ty.Iterator[None]:
        """Let the tasks that are started wait, and then await their end.

        SQLite has one writer at a time, and no order between it and them.
        """
        self._held += 1
        gate = threading.Event()
        if self._held == 1:
            # It has one thread.
            self._pool.submit(gate.wait, _PATIENCE)
        try:
            yield
        finally:
            self._held -= 1
            gate.set()
            if not self._held:
                self._pool.submit(int).result(_PATIENCE)


@functools.cache
def glance() -> tuple[world.World, Glance]:
    """Return the one of this process."""
    folder = world.folder()
    url = world.database(folder, "glance")
    write(folder, url)
    os.environ["OS_GLANCE_CONFIG_DIR"] = str(folder)
    engine = sa.create_engine(url)
    _fill(engine)
    engine.dispose()
    writers.begin_immediately()
    with world.no_arguments():
        from glance.wsgi import api
    from openstack_idempotency.services.glance import ADAPTER
    from openstack_idempotency.services.glance import CONF

    served = world.World(
        api.application, ADAPTER, CONF,
        ADAPTER.database().writer.get_engine(), _headers, "/v2",
    )  # fmt: skip
    return served, Glance(folder)


def _fill(engine: sa.Engine) -> None:
    from glance.db.sqlalchemy import models
    from glance.db.sqlalchemy import models_metadef

    models.BASE.metadata.create_all(engine)
    models_metadef.BASE_DICT.metadata.create_all(engine)
    migration.db_sync(engine)


def _headers(caller: world.Caller) -> dict[str, str]:
    return {
        # Clients send it; without it errors are plain text.
        "Accept": "*/*",
        "X-Identity-Status": "Confirmed",
        **world.authenticated(caller),
    }
