# SPDX-License-Identifier: Apache-2.0
"""What the cloud offers its users: an image, two flavors, a network."""

from __future__ import annotations

import typing as ty

from keystoneauth1 import adapter
from keystoneauth1 import session

IMAGE = "nothing"
NETWORK = "shared"
SMALL = "small"
LARGE = "large"

FLAVORS: ty.Mapping[str, ty.Mapping[str, int]] = {
    SMALL: {"ram": 64, "vcpus": 1, "disk": 1},
    LARGE: {"ram": 128, "vcpus": 2, "disk": 1},
}

# As many as servers.
VOLUMES = 200

SUBNET = "192.0.2.0/24"

# The fake virt driver never looks inside.
IMAGE_CONTENT = bytes(512)


def furnish(admin: session.Session) -> None:
    """Create what is missing of all that, and let users have many volumes."""
    _create_flavors(adapter.Adapter(admin, service_type="compute"))
    _create_image(adapter.Adapter(admin, service_type="image"))
    _create_network(adapter.Adapter(admin, service_type="network"))
    _allow_volumes(adapter.Adapter(admin, service_type="block-storage"))


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


def _create_network(networks: adapter.Adapter) -> None:
    query = {"name": NETWORK}
    found = networks.get("/v2.0/networks", params=query).json()["networks"]
    network = found[0] if found else networks.post("/v2.0/networks", json={
        "network": {"name": NETWORK, "shared": True},
    }).json()["network"]
    if not network["subnets"]:
        networks.post("/v2.0/subnets", json={"subnet": {
            "network_id": network["id"], "ip_version": 4, "cidr": SUBNET,
        }})


def _allow_volumes(volumes: adapter.Adapter) -> None:
    # Cinder's migrations write its limits into the database, where those
    # count more than what its configuration says.
    volumes.put("/os-quota-class-sets/default",
                json={"quota_class_set": {"volumes": VOLUMES}})
