# SPDX-License-Identifier: Apache-2.0
"""Warns of fewer connections than a process has threads."""

from __future__ import annotations

import sys
import typing as ty

from oslo_log import log as logging

LOG = logging.getLogger(__name__)

# uWSGI makes this module in the processes that it serves with.
_UWSGI = "uwsgi"


def check(options: str, size: int) -> None:
    """Warn if a pool keeps fewer connections than requests can need.

    :param options: the name of the option group that says the size
    :param size: how many connections are kept open
    """
    threads = _threads()
    if threads > size:
        LOG.warning(
            "[%(options)s] max_pool_size is %(size)d, but this process "
            "answers requests on %(threads)d threads. While more than "
            "%(size)d of them use the database, connections are opened and "
            "closed with each use. Set max_pool_size to at least %(threads)d.",
            {"options": options, "size": size, "threads": threads},
        )


def _threads() -> int:
    """Return how many threads answer requests; 0 where nothing tells it."""
    told: ty.Mapping[str, bytes | bool] = getattr(
        sys.modules.get(_UWSGI), "opt", {}
    )
    number = told.get("threads", b"")
    # Given more than once, it is a list; then nobody knows which one counts.
    if isinstance(number, bytes) and number.isdigit():
        return int(number)
    return 0
