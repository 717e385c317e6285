# SPDX-License-Identifier: Apache-2.0
"""Requests that nobody would write, over the whole of Nova's API."""

# Sets up how Nova runs, before anything else imports it.

from __future__ import annotations

import testing.nova  # noqa: F401
