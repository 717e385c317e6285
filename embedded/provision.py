# SPDX-License-Identifier: Apache-2.0
"""A stack's databases, wherever they are: made before its first start."""

from __future__ import annotations

import contextlib
from pathlib import Path
import typing as ty

import sqlalchemy as sa

from embedded import database_server
from embedded import schema
from embedded import template
from embedded.children import Children
from embedded.site import Site

Step = ty.Callable[[str], contextlib.AbstractContextManager[None]]


def ensure(
    site: Site, templates: Path, children: Children, step: Step
) -> None:
    """Make the databases of a site, unless it has them.

    :param site: the site
    :param templates: the folder in which SQLite's files are kept for others
    :param children: what the commands are started by
    :param step: shows a step
    :raises StackError: the database server does not let us in
    """
    server = site.platform.location
    if _present(site, server):
        return
    if server is None:
        copy(site, templates, children, step)
    else:
        with step("databases of six services, on the server"):
            drop(site)
            for name in site.on_server.values():
                database_server.create(server, name)
            schema.create(site, children)
    schema.note(site)


def drop(site: Site) -> None:
    """Drop what a site has on a server, which no folder goes with."""
    server = site.platform.location
    if server is not None:
        for name in site.on_server.values():
            database_server.drop(server, name)


def _present(site: Site, server: sa.URL | None) -> bool:
    if not schema.in_use(site):
        return False
    names = site.on_server.values()
    return server is None or database_server.present(server, names)


def copy(site: Site, templates: Path, children: Children, step: Step) -> None:
    """Give a site fresh files of SQLite, which are made if nobody has yet.

    :param site: the site
    :param templates: the folder in which they are kept for others
    :param children: what the commands are started by
    :param step: shows a step
    """
    source = templates / schema.key()
    if not source.exists():
        with step("databases of six services (once)"):
            template.build(source, children)
    with step("fresh databases"):
        template.copy(source, site)
