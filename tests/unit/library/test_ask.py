# SPDX-License-Identifier: Apache-2.0
"""Nobody agrees to what cannot be taken back without being asked."""

from __future__ import annotations

import io

import ddt
import fixtures
import testtools

from openstack_idempotency.commands import ask


class _Terminal(io.StringIO):
    """Somebody who says yes to whatever is asked."""

    def __init__(self) -> None:
        super().__init__("y\n")

    def isatty(self) -> bool:
        return True


@ddt.ddt
class AskTest(testtools.TestCase):
    def agreed(self, **streams: object) -> bool:
        for name, stream in streams.items():
            self.useFixture(fixtures.MonkeyPatch(f"sys.{name}", stream))
        return ask.agreed(yes=False)

    def test_on_a_terminal_one_is_asked(self) -> None:
        said = io.StringIO()
        self.assertTrue(self.agreed(stdin=_Terminal(), stdout=said))
        self.assertEqual("Go on? [y/N] ", said.getvalue())

    @ddt.named_data(
        ("no_terminal", io.StringIO("y\n"), io.StringIO()),
        ("no_input", None, io.StringIO()),
        ("no_output", _Terminal(), None),
    )
    def test_elsewhere_nobody_is(self, stdin: object, stdout: object) -> None:
        told = io.StringIO()
        self.assertFalse(self.agreed(stdin=stdin, stdout=stdout, stderr=told))
        self.assertIn("--yes", told.getvalue())
