# SPDX-License-Identifier: Apache-2.0
"""Tests of a whole Nova in one process, see :mod:`testing.nova`."""

# First: it chooses the kind of threads.

from __future__ import annotations

import testing.nova  # noqa: F401
