# SPDX-License-Identifier: Apache-2.0
"""Failures that end a run with a message instead of a traceback."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot be brought up, or did not stay up."""


class PortTakenError(StackError):
    """Somebody else listens where one of our services should."""


class ProcessError(StackError):
    """A child ended, stayed silent or survived, where it should not have."""


class StateOfOtherVersionsError(StackError):
    """The state directory was made by other versions of the services."""
