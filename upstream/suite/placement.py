# SPDX-License-Identifier: Apache-2.0
"""Turns client tokens on in Placement's tests."""

from __future__ import annotations

import functools
import typing as ty

from placement import deploy
from placement.auth import PlacementKeystoneContext

from openstack_idempotency.middleware import insertion
from openstack_idempotency.services.placement import ADAPTER
from upstream.run import Run
from upstream.service import Pass
from upstream.suite import filtered


def prepare(run: Run) -> None:
    """Change this process so that Placement is loaded as a pass wants it.

    :param run: the run that this process is a part of
    """
    if run.kind is Pass.STOCK:
        return
    filtered.prepare(run, ADAPTER)
    load = deploy.loadapp

    def loaded(config: ty.Any, *rest: ty.Any) -> ty.Any:
        application = load(config, *rest)
        insertion.insert(
            application,
            behind=PlacementKeystoneContext,
            make=functools.partial(
                filtered.filtered, adapter=ADAPTER, conf=config
            ),
        )
        return filtered.outermost(run, application)

    deploy.loadapp = loaded
