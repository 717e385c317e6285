# SPDX-License-Identifier: Apache-2.0
"""Turns client tokens on in Keystone's tests."""

from __future__ import annotations

import functools
import typing as ty

from keystone.server.flask import core
from keystone.server.flask.request_processing.middleware import auth_context

from openstack_idempotency.middleware import insertion
from openstack_idempotency.services.keystone import ADAPTER
from openstack_idempotency.services.keystone import CONF
from upstream.run import Run
from upstream.service import Pass
from upstream.suite import filtered


def prepare(run: Run) -> None:
    """Change this process so that Keystone is loaded as a pass wants it.

    :param run: the run that this process is a part of
    """
    if run.kind is Pass.STOCK:
        return
    filtered.prepare(run, ADAPTER)
    set_up = core.setup_app_middleware

    def with_ours(app: ty.Any) -> ty.Any:
        application = set_up(app)
        insertion.insert(
            application,
            behind=auth_context.AuthContextMiddleware,
            make=functools.partial(
                filtered.filtered, adapter=ADAPTER, conf=CONF
            ),
        )
        application.wsgi_app = filtered.outermost(run, application.wsgi_app)
        return application

    core.setup_app_middleware = with_ours
