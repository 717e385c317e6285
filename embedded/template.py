# SPDX-License-Identifier: Apache-2.0
"""Databases with their tables and nothing in them, made once and copied.

The migrations of five services take half a minute. Their result depends on
the versions alone, so it is kept by those.
"""

from concurrent.futures import ThreadPoolExecutor
import hashlib
import importlib.metadata
import importlib.resources
from importlib.resources.abc import Traversable
from pathlib import Path
import shutil
import tempfile

from embedded import environment
from embedded import ports
from embedded import sqlite
from embedded.children import Children
from embedded.errors import StateOfOtherVersionsError
from embedded.services import SERVICES
from embedded.services.service import Service
from embedded.site import Site

DISTRIBUTIONS = ("keystone", "openstack-placement", "glance", "neutron",
                 "nova")
OUR_MIGRATIONS = "openstack_idempotency.migrations"
KEY_FILE = "template"


def key() -> str:
    """Return a name for the schemas that this environment would make."""
    digest = hashlib.sha256()
    for distribution in DISTRIBUTIONS:
        version = importlib.metadata.version(distribution)
        digest.update(f"{distribution} {version}\n".encode())
    for source in _sources(importlib.resources.files(OUR_MIGRATIONS)):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def in_use(site: Site) -> bool:
    """Tell whether the site has its databases already.

    :raises StateOfOtherVersionsError: when this environment's services
        could not work on them.
    """
    mark = site.state / KEY_FILE
    if not mark.exists():
        return False
    if mark.read_text() != key():
        raise StateOfOtherVersionsError(
            f"the databases in {site.state} were made by other versions: "
            f"remove that directory and start again"
        )
    return True


def copy(template: Path, site: Site) -> None:
    """Give the site its databases."""
    databases = site.state / "db"
    shutil.rmtree(databases, ignore_errors=True)
    shutil.copytree(template, databases)
    # Last, so that a copy that was cut short is made again.
    (site.state / KEY_FILE).write_text(key())


def build(template: Path, children: Children) -> None:
    """Run every service's migrations, and keep the files as the template."""
    template.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix="building-", dir=template.parent))
    site = Site.on_sqlite(workshop, dict.fromkeys(ports.DEFAULTS, 0))
    databases = workshop / "db"
    sqlite.create(databases)
    _create_schemas(site, children)
    sqlite.settle(databases)
    try:
        databases.rename(template)
    except OSError:
        # Somebody beside us was faster; theirs is as good.
        if not template.exists():
            raise
    # Only now: after a failure the logs are wanted.
    shutil.rmtree(workshop)


def _create_schemas(site: Site, children: Children) -> None:
    def create(service: Service) -> None:
        service.install(site)
        for command in service.schema(site):
            children.start(
                f"{service.name}-schema",
                command,
                environment.of_services(site),
                site.log(f"{service.name}-schema"),
            ).wait_until_done()

    with ThreadPoolExecutor() as pool:
        try:
            list(pool.map(create, SERVICES))
        except BaseException:
            # Before the pool is left, which waits for its threads.
            children.stop()
            raise


def _sources(folder: Traversable) -> list[Traversable]:
    sources: list[Traversable] = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            sources += _sources(entry)
        elif entry.name.endswith((".py", ".sql")):
            sources.append(entry)
    return sources
