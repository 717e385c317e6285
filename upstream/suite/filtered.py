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
