# SPDX-License-Identifier: Apache-2.0
"""A virtual host of RabbitMQ, in which a region's queues are alone.

Nova's queues have the names of its services, wherever they are: so two
regions, or a region and a cloud of this machine's user, cannot share one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import typing as ty
import urllib.parse
import uuid

# The broker that is used; another place can be named, also an empty virtual
# host that is there.
URL = os.environ.get(
    "TEST_RABBITMQ_URL", "rabbit://guest:guest@127.0.0.1:5672/"
)
_USER = "guest"
_ALL = ".*"
_SECONDS = 300


def missing() -> str | None:
    """Return why there can be no virtual host, None if there can."""
    if _given():
        return None
    if shutil.which("rabbitmqctl") is None:
        return "no rabbitmqctl is there"
    if os.geteuid() != 0:
        return "rabbitmqctl needs root"
    return None


@contextlib.contextmanager
def virtual_host() -> ty.Iterator[str]:
    """Give the URL of one; what was made for it is deleted in the end."""
    if _given():
        yield URL
        return
    name = f"region_{uuid.uuid4().hex}"
    try:
        # All at once: each run of the command takes seconds to start.
        _control("import_definitions", told=json.dumps(_definitions(name)))
        yield f"{URL.rstrip('/')}/{name}"
    finally:
        _control("delete_vhost", name)


def _given() -> str:
    return urllib.parse.urlsplit(URL).path.strip("/")


def _definitions(name: str) -> dict[str, object]:
    kinds = ("configure", "write", "read")
    everything = {"user": _USER, "vhost": name, **dict.fromkeys(kinds, _ALL)}
    return {"vhosts": [{"name": name}], "permissions": [everything]}


def _control(*arguments: str, told: str = "") -> None:
    subprocess.run(
        ["rabbitmqctl", "--quiet", *arguments],
        input=told,
        text=True,
        check=True,
        capture_output=True,
        timeout=_SECONDS,
    )
