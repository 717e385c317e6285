# SPDX-License-Identifier: Apache-2.0
"""Asks a service what became of an earlier request."""

from __future__ import annotations

import contextlib
import typing as ty

from oslo_log import log as logging

from openstack_idempotency.protocol import errors

LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def inquiring() -> ty.Iterator[None]:
    """Report any error of the body as one that goes away.

    A database, or another service, may fail in many ways. The token stays as
    it is, so that a later retry asks again.

    :raises errors.Unavailable: the body raised what is no refusal
    """
    try:
        yield
    except errors.Refusal:
        raise
    except Exception as exc:
        # Only the kind of error is logged: its text may hold values.
        LOG.warning(
            "Could not find out what became of an earlier request with a "
            "client token (%s); answering its retry with 503.",
            type(exc).__name__,
        )
        raise errors.Unavailable from None
