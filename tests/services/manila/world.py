# SPDX-License-Identifier: Apache-2.0
"""Manila, as uWSGI would load it, and what the page installs beside it."""

from __future__ import annotations

import functools
import importlib.util
import pathlib
import re
import sys
import typing as ty
from unittest import mock

import sqlalchemy as sa

from embedded.serving import writers
from openstack_idempotency.sql import migration
from testing.pages import ROOT
from tests.services import world

#: The section of the page; what is typed comes from nowhere else.
PAGE: ty.Final = ROOT / "docs" / "adding-a-service.md"
_SECTION: ty.Final = "## With the filter"
_CONF = """
[DEFAULT]
log_file = {folder}/manila.log
transport_url = fake://
api_paste_config = {folder}/api-paste.ini
state_path = {folder}
[quota]
share_networks = -1
[oslo_concurrency]
lock_path = {folder}
[database]
connection = {url}
sqlite_synchronous = false
"""
# Callers are not authenticated here: their headers are what authtoken adds.
_AUTHTOKEN: ty.Final = " authtoken "


def page() -> dict[str, str]:
    """Return the blocks of the page's section, each by its language."""
    _, found, text = PAGE.read_text().partition(_SECTION)
    assert found
    section, _, _ = text.partition("\n## ")
    return dict(re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL))


def install(folder: pathlib.Path) -> None:
    """Install what the page shows, as a distribution of its own."""
    blocks = page()
    (folder / "manila_tokens.py").write_text(blocks["python"])
    info = folder / "manila_tokens-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: manila-tokens\nVersion: 1.0\n")
    _, _, points = blocks["toml"].partition("\n")
    (info / "entry_points.txt").write_text(
        f"[openstack_idempotency.adapter]\n{points.replace(chr(34), '')}"
    )


def write(folder: pathlib.Path, url: str) -> pathlib.Path:
    """Write the configuration, and return the file."""
    file = folder / "manila.conf"
    text = _CONF.format(folder=folder, url=url)
    file.write_text(text + world.IDEMPOTENCY)
    (folder / "api-paste.ini").write_text(_paste())
    return file


def _paste() -> str:
    """Return upstream's pipelines, with the lines of the page."""
    found = importlib.util.find_spec("manila")
    assert found is not None
    assert found.origin is not None
    # It is not where the other services are.
    place = pathlib.Path(found.origin).parents[1]
    upstream = place / "etc" / "manila" / "api-paste.ini"
    ours = page()["ini"]
    (pipeline,) = re.findall("^keystone = .*$", ours, re.MULTILINE)
    _, header, section = ours.partition("[filter:idempotency]")
    text, changed = re.subn(
        "^keystone = cors .*$", pipeline, upstream.read_text(), count=1,
        flags=re.MULTILINE,
    )  # fmt: skip
    assert changed == 1
    return text.replace(_AUTHTOKEN, " ") + header + section


@functools.cache
def manila() -> world.World:
    """Return the one of this process."""
    folder = world.folder()
    url = world.database(folder, "manila")
    file = write(folder, url)
    install(folder)
    sys.path.insert(0, str(folder))
    # Threads of ours write, too, each when it is time.
    writers.begin_immediately()
    arguments = ["manila-api", "--config-file", str(file)]
    with mock.patch.object(sys, "argv", arguments):
        from manila.wsgi.api import application
    from openstack_idempotency.middleware import adapter as adapters

    adapter = adapters.load("manila")
    engine = adapter.database().writer.get_engine()
    _fill(engine)
    return world.World(
        application, adapter, adapter.conf(), engine, world.authenticated,
        "/v2",
    )  # fmt: skip


def _fill(engine: sa.Engine) -> None:
    from manila.db.sqlalchemy import models

    models.BASE.metadata.create_all(engine)
    migration.db_sync(engine)
