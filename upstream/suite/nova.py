# SPDX-License-Identifier: Apache-2.0
"""Turns client tokens on in Nova's tests."""

from __future__ import annotations

from oslo_serialization import jsonutils
import webob

from nova.api.openstack import compute
from nova.idempotency import operations
from nova.idempotency import posts
from nova.idempotency import router
from nova.tests import fixtures
from nova.tests.functional.api_samples_test_base import ApiSampleTestBase
from upstream.doubled import Protection
from upstream.repeat import Repeat
from upstream.run import Run
from upstream.service import Pass
from upstream.services import nova
from upstream.suite import nova_database
from upstream.suite import process
from upstream.suite import samples


def prepare(run: Run) -> None:
    """Change this process so that Nova's tests are run as a pass wants it.

    :param run: the run that this process is a part of
    """
    if run.suite.name == nova.FUNCTIONAL:
        samples.write(run, ApiSampleTestBase)
    process.count(run, router.APIRouterV21)
    if run.kind is Pass.STOCK:
        return
    process.set_secret()
    if run.suite.name == nova.UNIT:
        _weave_by_name()
    if run.kind is Pass.REPEATED:
        _create_tables()
        process.name_the_running_test()
        Repeat.protection = _protection


def _weave_by_name() -> None:
    """Let our router stand where unit tests take Nova's from.

    They read no api-paste.ini.
    """
    compute.APIRouterV21 = router.APIRouterV21


def _create_tables() -> None:
    """Let Nova's fixture create our tables, too."""
    fixtures.Database = nova_database.Database


def _protection(request: webob.Request) -> Protection:
    """Tell how the table of operations has what Nova was asked for."""
    if "routes.route" not in request.environ:
        return Protection.NOT_LINKED  # refused on the way
    try:
        body = jsonutils.loads(request.body)
        row = operations.find(*posts.asked(request, body))
    except (ValueError, TypeError, StopIteration):
        row = None  # no body that any operation has
    if row is None:
        return Protection.NOT_LINKED
    if row.left_out is not None:
        return Protection.NONE
    return Protection.LINKED if row.kind else Protection.NOT_LINKED
