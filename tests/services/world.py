# SPDX-License-Identifier: Apache-2.0
"""A service in this process: its real application, on its own database."""

from __future__ import annotations

import atexit
import configparser
import contextlib
import dataclasses
import os
import pathlib
import shutil
import sys
import tempfile
import typing as ty

from oslo_config import cfg
import sqlalchemy as sa
import webob

from embedded import database_server
from embedded import paste
from openstack_idempotency.middleware.adapter import Adapter
from testing import databases

#: Says in which kind of database the service of this process has its tables.
BACKEND: ty.Final = "TEST_SERVICES_DATABASE"

#: The options of each service; nobody has to keep this secret.
IDEMPOTENCY = """
[idempotency]
secret = of tests of services only, no secret: 0123456789
wait_timeout = 0
# Their threads would write to the file that a test's transaction has read,
# whose own next write SQLite then refuses: "database is locked".
lease = 3600
purge_interval = 0
"""


@dataclasses.dataclass(frozen=True)
class Caller:
    """Who sends a request.

    :param user: the id of a user
    :param project: of a project, None without one
    :param roles: the names of roles
    :param domain: the domain that they act for, if for one
    :param system: whether they act for the system
    """

    user: str = "admin"
    project: str | None = "a-project"
    roles: tuple[str, ...] = ("admin", "service", "member", "reader")
    domain: str | None = None
    system: bool = False


def authenticated(caller: Caller) -> dict[str, str]:
    """Return what keystone's middleware says of a caller.

    :param caller: the caller
    """
    who = {"X-User-Id": caller.user, "X-Roles": ",".join(caller.roles)}
    if caller.project:
        who["X-Project-Id"] = caller.project
    if caller.domain:
        who["X-Domain-Id"] = caller.domain
    if caller.system:
        who["OpenStack-System-Scope"] = "all"
    return who


@dataclasses.dataclass(frozen=True)
class World:
    """A service that runs.

    :param application: its WSGI application, outermost
    :param adapter: its adapter
    :param conf: its configuration
    :param engine: its database
    :param headers: makes the headers that say who a caller is
    :param root: where its API begins
    """

    application: ty.Any
    adapter: Adapter
    conf: cfg.ConfigOpts
    engine: sa.Engine
    headers: ty.Callable[[Caller], dict[str, str]]
    root: str = ""

    def send(self, req: webob.Request) -> webob.Response:
        """Send a request as it stands; what the service raises is raised."""
        answer: webob.Response = req.get_response(self.application)
        answer.body  # noqa: B018 - a server reads it
        return answer

    def request(
        self,
        method: str,
        path: str,
        caller: ty.Any = None,
        **headers: str,
    ) -> webob.Request:
        """Return a request."""
        who = self.headers(caller or Caller())
        return webob.Request.blank(
            self.root + path,
            method=method,
            headers={**who, **headers},
            environ={"wsgi.multithread": True},
        )


def folder() -> pathlib.Path:
    """Return a folder that is gone when the process is."""
    path = tempfile.mkdtemp(prefix="service-of-tests-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return pathlib.Path(path)


def backend() -> str:
    """Return the kind of database that the process is for."""
    return os.environ.get(BACKEND, "sqlite")


def database(folder: pathlib.Path, service: str) -> str:
    """Return the URL of an empty database that is gone when the process is.

    :param folder: where SQLite has it
    :param service: the service's name
    """
    if backend() == "sqlite":
        return f"sqlite:///{folder}/{service}.sqlite"
    server = database_server.named(backend())
    return databases.fresh(server, service, atexit.register)


def write_paste(
    file: pathlib.Path,
    pipelines: configparser.RawConfigParser,
    configuration: pathlib.Path,
) -> None:
    """Write a paste file.

    :param file: the file
    :param pipelines: what is in it
    :param configuration: the service's own file, which the cors filter would
        look for where packages have it
    """
    pipelines.set("filter:cors", "oslo_config_file", str(configuration))
    file.write_text(paste.text(pipelines))


@contextlib.contextmanager
def no_arguments() -> ty.Iterator[None]:
    """Load a service that takes the process's command line for its own."""
    given, sys.argv = sys.argv, sys.argv[:1]
    try:
        yield
    finally:
        sys.argv = given
