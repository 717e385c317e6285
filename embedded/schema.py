# SPDX-License-Identifier: Apache-2.0
"""The tables of all services, made by the commands an operator would use."""

from __future__ import annotations

from concurrent import futures
import hashlib
import importlib.metadata
import importlib.resources
from importlib.resources import abc as resources
import typing as ty

from embedded import environment
from embedded.children import Children
from embedded.errors import StateOfOtherVersionsError
from embedded.services import SERVICES
from embedded.services.service import Service
from embedded.site import Site

DISTRIBUTIONS = ("keystone", "openstack-placement", "glance", "cinder",
                 "neutron", "nova")
# The services that have our tables, whether they take tokens or not.
OURS = tuple(sorted(service.name for service in SERVICES))
OUR_MIGRATIONS = "openstack_idempotency.migrations"
KEY_FILE = "template"


def key() -> str:
    """Return a name for the schemas that this environment would make."""
    digest = hashlib.sha256()
    for distribution in DISTRIBUTIONS:
        version = importlib.metadata.version(distribution)
        digest.update(f"{distribution} {version}\n".encode())
    digest.update(" ".join(OURS).encode())
    for source in _sources(importlib.resources.files(OUR_MIGRATIONS)):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def in_use(site: Site) -> bool:
    """Tell whether the site has its tables already.

    :raises StateOfOtherVersionsError: this environment's services could not
        work on them
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


def note(site: Site) -> None:
    """Note that the site has its tables, as the last step of making them.

    So what was cut short is made again.
    """
    (site.state / KEY_FILE).write_text(key())


def create(site: Site, children: Children) -> None:
    """Fill empty databases, those of all services at the same time."""

    def fill(service: Service) -> None:
        service.install(site)
        for command in service.schema(site):
            children.start(
                f"{service.name}-schema",
                command,
                environment.of_services(site),
                site.log(f"{service.name}-schema"),
            ).wait_until_done()

    with futures.ThreadPoolExecutor() as pool:
        try:
            list(pool.map(fill, SERVICES))
        except BaseException:
            # Before the pool is left, which waits for its threads.
            children.stop()
            raise


def _sources(
    folder: resources.Traversable,
) -> ty.Iterator[resources.Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith((".py", ".sql")):
            yield entry
