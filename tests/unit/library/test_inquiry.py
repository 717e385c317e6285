# SPDX-License-Identifier: Apache-2.0
"""What a service cannot tell now is asked again by a later retry."""

from __future__ import annotations

import typing as ty

import ddt
import fixtures
import testtools

from openstack_idempotency.engine import inquiry
from openstack_idempotency.protocol import errors
from openstack_idempotency.wsgi.edge import _Work


@ddt.ddt
class InquiryTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())

    def ask(self, error: Exception) -> ty.Any:
        with inquiry.inquiring():
            raise error

    @ddt.data(KeyError("secret"), OSError("secret"), RecursionError("secret"))
    def test_an_error_goes_away(self, error: Exception) -> None:
        self.assertRaises(errors.Unavailable, self.ask, error)
        self.assertIn(type(error).__name__, self.log.output)
        self.assertNotIn("secret", self.log.output)

    def test_a_refusal_stays_as_it_is(self) -> None:
        lost = errors.AnswerLost("req-1")
        raised = self.assertRaises(errors.AnswerLost, self.ask, lost)
        self.assertIs(lost, raised)
        self.assertEqual("", self.log.output)

    def test_a_rebuilding_that_fails_leaves_the_service_no_error(self) -> None:
        def fail(made: ty.Any) -> ty.NoReturn:
            raise OSError

        def run() -> ty.NoReturn:
            raise AssertionError

        work = _Work(run, fail, None, lambda: None)
        self.assertRaises(errors.Unavailable, work.rebuild, [])
