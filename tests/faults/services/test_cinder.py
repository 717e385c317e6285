# SPDX-License-Identifier: Apache-2.0
"""Protocol section 5: each kind of trouble around Cinder's transactions."""

from __future__ import annotations

from tests.faults.services import base

globals().update(base.on_each_database("cinder"))
