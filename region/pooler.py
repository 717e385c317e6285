# SPDX-License-Identifier: Apache-2.0
"""PgBouncer before PostgreSQL: each transaction may be on any connection."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import time

import sqlalchemy as sa

from embedded import database_server
from embedded import environment
from embedded.children import Children
from embedded.errors import StackError
from embedded.held import held
from embedded.ports import HOST

_SECONDS = 60
_CONFIGURATION = """
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr = {address}
listen_port = {listens}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 1000
"""
# Few enough that transactions change connections all the time.
_POOL = 4


def missing() -> str | None:
    """Return why there can be none, None if there can."""
    there = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
    return None if there else "no pgbouncer is installed"


def before(
    server: sa.URL, folder: Path, port: int, children: Children
) -> sa.URL:
    """Start one, and return where the server is by way of it.

    :param server: where the server is, which asks for no password
    :param folder: where its files go
    :param port: where it listens
    :param children: what it is started by
    :raises StackError: nobody gets through
    """
    folder.mkdir(parents=True)
    file = folder / "pgbouncer.ini"
    file.write_text(
        _CONFIGURATION.format(
            host=server.host or HOST,
            port=server.port or 5432,
            user=server.username or "postgres",
            address=HOST,
            listens=port,
            size=_POOL,
        )
    )
    # It refuses to be root, and reads its file before it is somebody else.
    somebody = ["--user", "nobody"] if os.geteuid() == 0 else []
    children.start(
        "pgbouncer",
        held(["/usr/sbin/pgbouncer", *somebody, str(file)]),
        environment.inherited(),
        folder / "pgbouncer.log",
    )
    through = server.set(host=HOST, port=port)
    deadline = time.monotonic() + _SECONDS
    while not database_server.answers(through):
        if time.monotonic() > deadline:
            raise StackError("PgBouncer lets nobody through")
        time.sleep(0.05)
    return through
