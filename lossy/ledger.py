# SPDX-License-Identifier: Apache-2.0
"""What the cloud has in the end, asked without the lossy network."""

from __future__ import annotations

import collections
import dataclasses
import typing as ty

from cryptography.hazmat.primitives import serialization

from testing.cloud import Cloud


@dataclasses.dataclass(frozen=True)
class Found:
    """A server or a keypair.

    :param id: the server's id, or the public key
    :param fingerprint: of the key
    """

    id: str
    fingerprint: str = ""

    def __str__(self) -> str:
        return self.fingerprint or self.id


# By the name of the resource: what answers are compared with.
Ledger: ty.TypeAlias = ty.Mapping[str, ty.Sequence[Found]]


def of(cloud: Cloud) -> Ledger:
    """Return all servers and keypairs.

    :param cloud: the cloud
    """
    found = collections.defaultdict(list)
    for server in _all(cloud, "servers", lambda one: one["id"]):
        found[server["name"]].append(Found(server["id"]))
    for each in _all(cloud, "keypairs", lambda one: one["keypair"]["name"]):
        keypair = each["keypair"]
        public_key = _without_comment(keypair["public_key"])
        found[keypair["name"]].append(
            Found(public_key, keypair["fingerprint"])
        )
    return found


def _all(
    cloud: Cloud, what: str, marker: ty.Callable[[ty.Any], str]
) -> ty.Iterator[ty.Any]:
    """Yield all of a kind, page by page."""
    path = "/os-keypairs" if what == "keypairs" else f"/{what}"
    query = {"limit": "1000"}
    headers = {"OpenStack-API-Version": "compute 2.90"}
    while page := cloud.compute.get(
        path, params=query, headers=headers
    ).json()[what]:
        yield from page
        query["marker"] = marker(page[-1])


def public(private_key: str) -> str:
    """Return the public key of a private one.

    :param private_key: in any of OpenSSH's formats
    :raises ValueError: it is none
    """
    text = private_key.encode()
    if b"OPENSSH" in text:
        key = serialization.load_ssh_private_key(text, None).public_key()
    else:
        loaded: ty.Any = serialization.load_pem_private_key(text, None)
        key = loaded.public_key()
    return _without_comment(
        key.public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        ).decode()
    )


def _without_comment(public_key: str) -> str:
    return " ".join(public_key.split()[:2])
