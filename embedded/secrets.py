# SPDX-License-Identifier: Apache-2.0
"""The secrets of one state directory: made once, readable by its owner."""

from __future__ import annotations

import base64
from dataclasses import asdict
from dataclasses import dataclass
import json
import os
from pathlib import Path
import secrets
import typing as ty

USERS = ("admin", "demo", "placement", "glance", "cinder", "neutron",
         "nova")


@dataclass(frozen=True)
class Secrets:
    """Password of each user, and the key material of the product."""

    passwords: ty.Mapping[str, str]
    idempotency: str

    @classmethod
    def kept_in(cls, file: Path) -> Secrets:
        """Return the secrets of the file, which is made if it is not there."""
        if not file.exists():
            fresh = cls(
                {user: secrets.token_urlsafe(24) for user in USERS},
                base64.b64encode(os.urandom(32)).decode(),
            )
            write_private(file, json.dumps(asdict(fresh), indent=2))
        return cls(**json.loads(file.read_text()))


def make_key_repository(directory: Path) -> None:
    """Fill a key repository of keystone, unless it is there."""
    if directory.exists():
        return
    directory.mkdir(mode=0o700, parents=True)
    # keystone wants a staged key, 0, and a primary one, the highest number.
    for number in ("0", "1"):
        key = base64.urlsafe_b64encode(os.urandom(32)).decode()
        write_private(directory / number, key)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as output:
        output.write(text)
