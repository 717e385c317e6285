# SPDX-License-Identifier: Apache-2.0
"""Turns client tokens on in the tests of any service that has the filter."""

from __future__ import annotations

import typing as ty

from oslo_config import cfg
import sqlalchemy as sa
import webob

from openstack_idempotency.engine.periodic import Periodic
from openstack_idempotency.middleware.adapter import Adapter
from openstack_idempotency.middleware.filter import Filter
from openstack_idempotency.middleware.operation import Table
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import tables
from upstream import repeat
from upstream.doubled import Protection
from upstream.repeat import Repeat
from upstream.run import Run
from upstream.service import Pass
from upstream.suite import process

_USER = "a-user"


def prepare(run: Run, adapter: Adapter) -> None:
    """Change this process so that the filter can be loaded in it.

    :param run: the run that this process is a part of
    :param adapter: the service's
    """
    process.count(run, Filter)
    process.set_secret()
    # Each test has applications and a database of its own: a thread that one
    # of them starts would read those of the others.
    Periodic.ensure = _not_at_all  # type: ignore[method-assign]
    if run.kind is Pass.REPEATED:
        process.name_the_running_test()
        Repeat.protection = _Protections(adapter).of


def _not_at_all(self: ty.Any) -> None:
    pass


def make_tables(adapter: Adapter) -> None:
    """Bring our tables into the database that the service has now.

    :param adapter: the service's
    """
    engine = adapter.database().writer.get_engine()
    if not sa.inspect(engine).has_table(tables.TOKENS.name):
        migration.db_sync(engine)


def filtered(
    application: ty.Any, adapter: Adapter, conf: cfg.ConfigOpts
) -> Filter:
    """Return the filter before an application, whose database has our tables.

    :param application: the application
    :param adapter: the service's
    :param conf: the service's configuration
    """
    make_tables(adapter)
    return Filter(application, adapter, conf)


def outermost(run: Run, application: ty.Any) -> ty.Any:
    """Return what a test sends its requests to.

    :param run: the run that this process is a part of
    :param application: the whole pipeline, with our filter in it
    """
    if run.kind is Pass.REPEATED:
        return repeat.before(application)
    return application


def _none() -> ty.Any:
    return None


class Known:
    """Gives a caller the user that each has whom Keystone knows.

    Some tests name none; without a user our filter lets all pass.

    :param application: what it stands before
    :param key: where a service's filter puts its context
    :param absent: makes the context that the service takes where a test has
        put none
    """

    def __init__(
        self,
        application: ty.Any,
        key: str,
        absent: ty.Callable[[], ty.Any] = _none,
    ) -> None:
        self._application = application
        self._key = key
        self._absent = absent

    def __call__(self, environ: ty.Any, start_response: ty.Any) -> ty.Any:
        """Answer a request; see WSGI.

        :param environ: the request
        :param start_response: takes the answer's status and headers
        """
        caller = environ.get(self._key) or self._absent()
        if caller is not None:
            caller.user_id = caller.user_id or _USER
            environ[self._key] = caller
        return self._application(environ, start_response)


class _Protections:
    """Looks operations up as the filter does.

    :param adapter: the service's
    """

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._table = Table(adapter.operations)

    def of(self, request: webob.Request) -> Protection:
        """Tell how the table has what a request asked for.

        :param request: the request
        """
        path = self._adapter.path(request.environ)
        row, _ = self._table.find(path, request.body)
        if row.left_out is not None:
            return Protection.NONE
        return Protection.LINKED if row.kind else Protection.NOT_LINKED
