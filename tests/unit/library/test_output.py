# SPDX-License-Identifier: Apache-2.0
"""What operators write on the command line, and must not."""

from __future__ import annotations

import argparse

import ddt
import testtools

from openstack_idempotency.commands import output


@ddt.ddt
class ArgumentsTest(testtools.TestCase):
    """What cannot be meant is refused before the database is asked."""

    @ddt.data(("1", 1), ("007", 7), (str(2**63 - 1), 2**63 - 1))
    @ddt.unpack
    def test_a_number(self, text: str, number: int) -> None:
        self.assertEqual(number, output.number_of(text))

    @ddt.data("0", "-1", "", "x", "1.5", "1e3", " 1", "\u0661", str(2**63))
    def test_what_is_no_number(self, text: str) -> None:
        refused = argparse.ArgumentTypeError
        self.assertRaises(refused, output.number_of, text)
        self.assertRaises(refused, output.number_of, "9" * 5000)

    @ddt.data(("0", 0.0), ("0.5", 0.5), ("86400", 86400.0))
    @ddt.unpack
    def test_a_pause(self, text: str, seconds: float) -> None:
        self.assertEqual(seconds, output.pause_of(text))

    @ddt.data("-1", "nan", "inf", "soon", "", "86401")
    def test_what_is_no_pause(self, text: str) -> None:
        self.assertRaises(argparse.ArgumentTypeError, output.pause_of, text)

    @ddt.data(("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200))
    @ddt.unpack
    def test_an_age(self, text: str, seconds: int) -> None:
        self.assertEqual(seconds * 1000, output.age_of(text))

    @ddt.data("", "-1", "1w", "1.5h", "\u0661d", "9" * 10)
    def test_what_is_no_age(self, text: str) -> None:
        self.assertRaises(argparse.ArgumentTypeError, output.age_of, text)

    @ddt.data("soon", "2026-13-01", "", "2026-11-25T25:00")
    def test_what_is_no_date(self, text: str) -> None:
        self.assertRaises(argparse.ArgumentTypeError, output.time_of, text)
