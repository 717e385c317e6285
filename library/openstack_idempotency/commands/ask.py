# SPDX-License-Identifier: Apache-2.0
"""Asks before something is done that cannot be taken back."""

from __future__ import annotations

import sys

from openstack_idempotency.commands import output


def agreed(yes: bool) -> bool:
    """Ask, and tell whether the user agrees.

    :param yes: the user has agreed on the command line
    """
    if yes:
        return True
    # None where they are closed.
    seen = sys.stdin is not None and sys.stdout is not None
    if not (seen and sys.stdin.isatty()):
        output.complain("Nothing is done: give --yes where nobody is asked.")
        return False
    sys.stdout.write("Go on? [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    output.say("Nothing is done.")
    return False
