# SPDX-License-Identifier: Apache-2.0
"""What a process needs before it runs Nova's tests."""

from __future__ import annotations

import atexit
import itertools
import os
import typing as ty

from oslo_config import cfg

from nova import test
from nova.api.openstack import compute
from nova.idempotency import router
from nova.tests import fixtures
from nova.tests.functional import api_samples_test_base as samples
from openstack_idempotency import opts
from upstream.repeat import Repeat
from upstream.run import Pass
from upstream.run import Run
from upstream.run import Suite
from upstream.suite import database

_SECRET = "of Nova's own tests, no secret: 0123456789"


def prepare(run: Run) -> None:
    """Change this process so that Nova's tests are run as a pass wants it.

    :param run: the run that this process is a part of
    """
    if run.suite is Suite.FUNCTIONAL:
        _write_samples(run)
    _count_routers(run)
    if run.kind is Pass.STOCK:
        return
    # The environment cannot give it: oslo.config takes each character of a
    # variable as one value of such an option.
    cfg.set_defaults(opts.idempotency_opts, secret=[_SECRET])
    if run.suite is Suite.UNIT:
        _weave_by_name()
    if run.kind is Pass.REPEATED:
        _create_tables()
        _name_the_running_test()


def _write_samples(run: Run) -> None:
    """Let each test write the samples that it reads.

    They are documents of upstream's repository, and not in its wheel. What
    the tests compare answers with are templates, which the wheel has; that
    the documents fit those, too, is nothing of ours.
    """
    base = samples.ApiSampleTestBase
    verify = base._verify_response
    # Processes must not read each other's while they are written.
    folder = str(run.samples / str(os.getpid()))

    def sample(
        cls: ty.Any, name: str, api_version: str | None = None
    ) -> ty.Any:
        return cls._get_sample_path(name, folder, api_version=api_version)

    def written(
        self: ty.Any,
        name: str,
        subs: ty.Any,
        response: ty.Any,
        *rest: ty.Any,
        **named: ty.Any,
    ) -> ty.Any:
        self._write_sample(name, response.text)
        return verify(self, name, subs, response, *rest, **named)

    base._get_sample = classmethod(sample)
    base._verify_response = written


def _count_routers(run: Run) -> None:
    """Let a process write down, when it ends, how many of our routers it had.

    :param run: the run that this process is a part of
    """
    numbers = itertools.count()
    begin = router.APIRouterV21.__init__

    def counted(self: ty.Any, *args: ty.Any, **named: ty.Any) -> None:
        next(numbers)
        begin(self, *args, **named)

    router.APIRouterV21.__init__ = counted  # type: ignore[method-assign]
    path = run.routers / str(os.getpid())
    atexit.register(lambda: path.write_text(str(next(numbers))))


def _weave_by_name() -> None:
    """Let our router stand where unit tests take Nova's from.

    They read no api-paste.ini.
    """
    compute.APIRouterV21 = router.APIRouterV21


def _create_tables() -> None:
    """Let Nova's fixture create our tables, too."""
    fixtures.Database = database.Database


def _name_the_running_test() -> None:
    """Tell our filter which test a POST comes from."""
    set_up = test.TestCase.setUp

    def named(self: ty.Any) -> None:
        Repeat.test = self.id()
        set_up(self)

    test.TestCase.setUp = named
