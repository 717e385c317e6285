# SPDX-License-Identifier: Apache-2.0
"""The requests to Nova that are measured."""

from __future__ import annotations

import json
import typing as ty

import webob

from chaos import images
from chaos import schema

# A key of 256 bits that nobody has.
_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZ"
    "GhscHR4f"
)
BODIES: ty.Final[dict[str, ty.Any]] = {
    "servers": {
        "server": {
            "name": "vm",
            "imageRef": images.IMAGE,
            "flavorRef": schema.FLAVOR,
            "networks": "none",
        }
    },
    # A public key: to generate a pair would take longer than all else.
    "os-keypairs": {
        "keypair": {"name": "key", "type": "ssh", "public_key": _KEY}
    },
}


def headers(caller: str, token: str | None = None) -> dict[str, str]:
    """Return what a client sends, and what keystone's middleware would set.

    :param caller: the id of the user, and of the project
    :param token: the client token, if there is one
    """
    common = {
        "Content-Type": "application/json",
        "OpenStack-API-Version": "compute 2.90",
        "X-Identity-Status": "Confirmed",
        "X-Roles": "reader,member",
        "X-User-Id": caller,
        "X-Project-Id": caller,
    }
    return common | ({"X-Client-Token": token} if token else {})


def post(resource: str, caller: str, token: str | None) -> webob.Request:
    """Return a POST.

    :param resource: a key of BODIES
    :param caller: the id of the user, and of the project
    :param token: the client token, if there is one
    """
    body = json.dumps(BODIES[resource]).encode()
    return with_body(resource, caller, token, body)


def with_body(
    resource: str, caller: str, token: str | None, body: bytes
) -> webob.Request:
    """Return a POST of another body.

    :param resource: the end of its path
    :param caller: the id of the user, and of the project
    :param token: the client token, if there is one
    :param body: the body
    """
    return webob.Request.blank(
        f"/v2.1/{resource}",
        method="POST",
        headers=headers(caller, token),
        body=body,
    )


def get(resource: str, caller: str, made: ty.Any) -> webob.Request:
    """Return the GET of what a POST has made.

    :param resource: a key of BODIES
    :param caller: who made it
    :param made: the POST's answer
    """
    ((_, it),) = made.items()
    name = it.get("id") or it["name"]
    return webob.Request.blank(
        f"/v2.1/{resource}/{name}", headers=headers(caller)
    )
