# SPDX-License-Identifier: Apache-2.0
"""Cinder's API; only its arguments can tell it where its file is."""

from __future__ import annotations

import os
import sys

sys.argv[1:] = ["--config-file", os.environ["CHAOS_CINDER_FILE"]]

from cinder.wsgi.api import application  # noqa: E402 - it reads them

__all__ = ["application"]
