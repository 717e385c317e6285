# SPDX-License-Identifier: Apache-2.0
"""The parts of the embedded stack that name all of its services."""

from __future__ import annotations

import contextlib
import io
import typing as ty
import unittest

import ddt

from embedded import openrc
from embedded import paste
from embedded import ports
from embedded import progress
from embedded import schema
from embedded import secrets
from embedded import sqlite
from embedded.services import KEYSTONE
from embedded.services import SERVICES

NAMES = {service.name for service in SERVICES}
# Users who are no service.
PEOPLE = {user for user, _project in (openrc.DEMO, openrc.ADMIN)}
PIPELINES = """
[composite:api]
use = call:some:factory
with = first context app
without = first app
"""


class EachServiceTest(unittest.TestCase):
    """A service that one of them has forgotten would fail at its start."""

    def test_port(self) -> None:
        self.assertEqual(NAMES, set(ports.DEFAULTS))

    def test_database(self) -> None:
        owners = {name.partition("_")[0] for name in sqlite.FILES}
        self.assertEqual(NAMES, owners)

    def test_password(self) -> None:
        # keystone checks its callers itself.
        expected = NAMES - {KEYSTONE.name} | PEOPLE
        self.assertEqual(expected, set(secrets.USERS))

    def test_version_that_the_templates_are_kept_by(self) -> None:
        distributions = {
            name.removeprefix("openstack-") for name in schema.DISTRIBUTIONS
        }
        self.assertEqual(NAMES, distributions)


@ddt.ddt
class FilterTest(unittest.TestCase):
    """Our filter in upstream's pipelines."""

    @ddt.data(
        ((), "first context idempotency app"),
        (("inner",), "first context idempotency inner app"),
    )
    @ddt.unpack
    def test_it_goes_behind_the_context(
        self, inner: ty.Sequence[str], expected: str
    ) -> None:
        file = paste.parsed(PIPELINES)
        paste.add_filter(file, "composite:api", "context", "any", *inner)
        self.assertEqual(expected, file.get("composite:api", "with"))
        self.assertEqual("first app", file.get("composite:api", "without"))
        self.assertEqual("any", file.get("filter:idempotency", "service"))


@ddt.ddt
class StepTest(unittest.TestCase):
    @ddt.data((KeyboardInterrupt, "stopped"), (RuntimeError, "failed"))
    @ddt.unpack
    def test_ctrl_c_is_no_failure(
        self, kind: type[BaseException], how: str
    ) -> None:
        with (
            contextlib.redirect_stdout(io.StringIO()) as shown,
            self.assertRaises(kind),
            progress.step("a step"),
        ):
            raise kind
        self.assertRegex(shown.getvalue(), rf"{how} after \d+\.\d s")
