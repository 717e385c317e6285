# SPDX-License-Identifier: Apache-2.0
"""Turns client tokens on in Neutron's tests."""

from __future__ import annotations

import typing as ty

from neutron.api.v2 import router
from neutron.tests.unit.api import test_extensions
from neutron_lib import context
from oslo_config import cfg

from openstack_idempotency.services.neutron import ADAPTER
from upstream.run import Run
from upstream.service import Pass
from upstream.suite import filtered


def prepare(run: Run) -> None:
    """Change this process so that Neutron is loaded as a pass wants it.

    :param run: the run that this process is a part of
    """
    if run.kind is Pass.STOCK:
        return
    filtered.prepare(run, ADAPTER)

    def with_ours(load: ty.Any) -> ty.Any:
        def loaded(*given: ty.Any, **named: ty.Any) -> ty.Any:
            ours = filtered.filtered(load(*given, **named), ADAPTER, cfg.CONF)
            known = filtered.Known(
                ours, "neutron.context", context.get_admin_context
            )
            return filtered.outermost(run, known)

        return loaded

    router.APIRouter = with_ours(router.APIRouter)
    # What is before the extensions, as in Neutron's own pipeline.
    test_extensions.setup_extensions_middleware = with_ours(
        test_extensions.setup_extensions_middleware
    )
