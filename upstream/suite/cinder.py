# SPDX-License-Identifier: Apache-2.0
"""Turns client tokens on in Cinder's tests."""

from __future__ import annotations

import functools
from pathlib import Path
import sys
import typing as ty

from cinder import service
from cinder.api.middleware import fault
from cinder.api.v3 import router
from cinder.common import config
from cinder.db import migration
from cinder.tests.functional.api_samples_test_base import ApiSampleTestBase
from cinder.tests.unit import test
from oslo_service import wsgi

from openstack_idempotency.services.cinder import ADAPTER
from upstream.run import Run
from upstream.service import Pass
from upstream.services import cinder
from upstream.suite import filtered
from upstream.suite import samples

_FILTERS = Path(sys.prefix, "etc", "cinder", "resource_filters.json")


def prepare(run: Run) -> None:
    """Change this process so that Cinder is loaded as a pass wants it.

    :param run: the run that this process is a part of
    """
    # The tests look for it where it is in upstream's repository.
    test.TestCase.RESOURCE_FILTER_PATH = str(_FILTERS)
    service.WSGIService.__init__ = functools.partialmethod(
        service.WSGIService.__init__, loader=_Loader(run)
    )
    samples.write(run, ApiSampleTestBase)
    if run.kind is Pass.STOCK:
        return
    filtered.prepare(run, ADAPTER)
    _make_tables()
    if run.suite.name == cinder.UNIT:
        _turn_on_in_code(run)


class _Loader(wsgi.Loader):  # type: ignore[misc]
    """Loads Cinder's API by the api-paste.ini of a pass.

    :param run: the run that this process is a part of
    """

    def __init__(self, run: Run) -> None:
        # Not the file that the tests name, which is in upstream's repository.
        self.config_path = str(run.folder / cinder.PASTE)
        self._run = run

    def load_app(self, name: str) -> ty.Any:
        """Return an application, with what a pass has before it.

        :param name: the application's name in the file
        """
        application = super().load_app(name)
        if self._run.kind is Pass.STOCK:
            return application
        return filtered.outermost(self._run, application)


def _make_tables() -> None:
    """Let Cinder's migrations make our tables, too.

    The tests run them once in a process, and copy what they have made.
    """
    upgrade = migration.db_sync

    def upgraded() -> None:
        upgrade()
        filtered.make_tables(ADAPTER)

    migration.db_sync = upgraded


def _turn_on_in_code(run: Run) -> None:
    """Put our filter before the application that the unit tests make.

    They read no api-paste.ini.
    """
    make = router.APIRouter

    def with_ours() -> ty.Any:
        # As before the application in Cinder's pipelines.
        answering = fault.FaultWrapper(make())
        ours = filtered.filtered(answering, ADAPTER, config.CONF)
        return filtered.outermost(run, filtered.Known(ours, "cinder.context"))

    router.APIRouter = with_ours
