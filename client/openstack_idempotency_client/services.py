# SPDX-License-Identifier: Apache-2.0
"""The services whose POSTs carry tokens."""

from __future__ import annotations

import typing as ty

#: As keystone's catalog calls them, with the version of the API where their
#: endpoint does not name it. The first one tells clouds apart.
SERVICE_TYPES: ty.Final[ty.Mapping[str, str | None]] = {
    "compute": None,
    "image": "2",
    "network": "2",
    "block-storage": "3",
    "identity": "3",
    "placement": None,
}
