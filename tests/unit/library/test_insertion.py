# SPDX-License-Identifier: Apache-2.0
"""The filter in a pipeline that is made in code."""

from __future__ import annotations

import typing as ty

import testtools

from openstack_idempotency.middleware import insertion


class _Outer:
    def __init__(self, application: ty.Any) -> None:
        self.application = application

    def __call__(self) -> None:
        """Answer nothing."""


class _Inner(_Outer):
    def __init__(self) -> None:
        super().__init__(None)


class InsertionTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.inner = _Inner()
        self.outer = _Outer(self.inner)

    def test_the_filter_stands_between_the_two(self) -> None:
        insertion.insert(self.outer, _Outer, _Outer)
        between = self.outer.application
        self.assertIsNot(self.inner, between)
        self.assertIs(self.inner, between.application)

    def test_behind_the_innermost_there_is_no_place(self) -> None:
        error = self.assertRaises(
            insertion.NotFound,
            insertion.insert, self.outer, _Inner, _Outer,
        )  # fmt: skip
        self.assertIn("_Inner", str(error))
        self.assertIsNone(self.inner.application)

    def test_what_is_not_there(self) -> None:
        error = self.assertRaises(
            insertion.NotFound, insertion.find, self.outer, int
        )
        self.assertIn("int", str(error))
        self.assertIn("_Outer _Inner", str(error))
