# SPDX-License-Identifier: Apache-2.0
"""The one image from which all servers are booted, without a Glance."""

from __future__ import annotations

import typing as ty

IMAGE = "70a599e0-31e7-49b7-b260-868f441e862b"

_FIELDS: ty.Final[dict[str, ty.Any]] = {
    "id": IMAGE,
    "name": "image",
    "status": "active",
    "owner": None,
    "container_format": "bare",
    "disk_format": "raw",
    "size": 1024,
    "min_ram": 0,
    "min_disk": 0,
    "properties": {},
}


def stand_in() -> None:
    """Let Nova find the image, in this process."""
    from nova.image import glance  # once Nova has chosen its threads

    def get(*arguments: ty.Any, **options: ty.Any) -> dict[str, ty.Any]:
        return dict(_FIELDS)

    glance.API.get = get
