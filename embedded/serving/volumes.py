# SPDX-License-Identifier: Apache-2.0
"""A driver of Cinder's that keeps nothing: its volumes are rows, without data.

Nobody reads or writes a volume on the fake compute host. So whatever the
volume service wants to be done is done by saying so.
"""

from __future__ import annotations

import io
import typing as ty

from cinder.volume import driver

# Glance takes no image without data.
_CONTENT = bytes(512)


class Driver(driver.VolumeDriver):  # type: ignore[misc]
    """Has room for every volume, and does nothing with any."""

    def _nothing(self, *_args: object, **_kwargs: object) -> None:
        """Do nothing."""

    check_for_setup_error = _nothing
    create_volume = _nothing
    create_volume_from_snapshot = _nothing
    create_cloned_volume = _nothing
    delete_volume = _nothing
    extend_volume = _nothing
    create_snapshot = _nothing
    delete_snapshot = _nothing
    revert_to_snapshot = _nothing
    ensure_export = _nothing
    create_export = _nothing
    remove_export = _nothing

    def clone_image(
        self, *_args: object, **_kwargs: object
    ) -> tuple[dict[str, object], bool]:
        """Say that the image is in the volume."""
        return {}, True

    def copy_volume_to_image(
        self, context: ty.Any, _volume: object, images: ty.Any, about: ty.Any
    ) -> None:
        """Fill an image with what a volume keeps.

        :param context: who asks for it
        :param images: the image service
        :param about: what is known of the image
        """
        images.update(context, about["id"], {}, io.BytesIO(_CONTENT))

    def initialize_connection(
        self, volume: ty.Any, _connector: object, **_kwargs: object
    ) -> dict[str, ty.Any]:
        """Say how a host reaches a volume, if it ever tried.

        :param volume: the volume
        """
        return {"driver_volume_type": "fake", "data": {"volume": volume.id}}

    def _update_volume_stats(self) -> None:
        """Note what the backend has room for."""
        self._stats = {
            "volume_backend_name": self.configuration.volume_backend_name,
            "vendor_name": "nobody",
            "driver_version": self.VERSION,
            "storage_protocol": "fake",
            "total_capacity_gb": "infinite",
            "free_capacity_gb": "infinite",
        }
