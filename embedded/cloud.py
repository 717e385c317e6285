# SPDX-License-Identifier: Apache-2.0
"""What the cloud offers its users: an image and two flavors."""

from collections.abc import Mapping

from keystoneauth1 import adapter
from keystoneauth1 import session

IMAGE = "nothing"
SMALL = "small"
LARGE = "large"

FLAVORS: Mapping[str, Mapping[str, int]] = {
    SMALL: {"ram": 64, "vcpus": 1, "disk": 1},
    LARGE: {"ram": 128, "vcpus": 2, "disk": 1},
}

# The fake virt driver never looks inside.
IMAGE_CONTENT = bytes(512)


def furnish(admin: session.Session) -> None:
    """Create what is missing of the image and the flavors."""
    _create_flavors(adapter.Adapter(admin, service_type="compute"))
    _create_image(adapter.Adapter(admin, service_type="image"))


def _create_flavors(compute: adapter.Adapter) -> None:
    there = {f["name"] for f in compute.get("/flavors").json()["flavors"]}
    for name in FLAVORS.keys() - there:
        compute.post("/flavors",
                     json={"flavor": {"name": name, **FLAVORS[name]}})


def _create_image(images: adapter.Adapter) -> None:
    found = images.get("/v2/images", params={"name": IMAGE}).json()["images"]
    image = found[0] if found else images.post("/v2/images", json={
        "name": IMAGE,
        "disk_format": "raw",
        "container_format": "bare",
        "visibility": "public",
    }).json()
    if image["status"] == "queued":
        images.put(
            f"/v2/images/{image['id']}/file",
            data=IMAGE_CONTENT,
            headers={"Content-Type": "application/octet-stream"},
        )
