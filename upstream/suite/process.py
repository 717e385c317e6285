# SPDX-License-Identifier: Apache-2.0
"""What each process needs before it runs the tests of any service."""

from __future__ import annotations

import atexit
import itertools
import os
import typing as ty
import unittest

from oslo_config import cfg
import testtools

from openstack_idempotency import opts
from upstream.repeat import Repeat
from upstream.run import Run

_SECRET = "of upstream's own tests, no secret: 0123456789"


def set_secret() -> None:
    """Give the service the only option that it needs.

    The environment cannot: oslo.config takes each character of a variable as
    one value of such an option.
    """
    cfg.set_defaults(opts.idempotency_opts, secret=[_SECRET])


def count(run: Run, made: type) -> None:
    """Let a process write down, when it ends, how often it has turned us on.

    :param run: the run that this process is a part of
    :param made: the class of what is made each time
    """
    numbers = itertools.count()
    begin = made.__init__  # type: ignore[misc]

    def counted(self: ty.Any, *args: ty.Any, **named: ty.Any) -> None:
        next(numbers)
        begin(self, *args, **named)

    made.__init__ = counted  # type: ignore[misc]
    path = run.loads / str(os.getpid())
    atexit.register(lambda: path.write_text(str(next(numbers))))


def name_the_running_test() -> None:
    """Tell our filter which test a POST comes from."""
    for case in (unittest.TestCase, testtools.TestCase):
        _name(case)


def _name(case: ty.Any) -> None:
    begin = case.run

    def named(self: ty.Any, result: ty.Any = None) -> ty.Any:
        Repeat.test = self.id()
        return begin(self, result)

    case.run = named
