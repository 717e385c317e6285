# SPDX-License-Identifier: Apache-2.0
"""Restate: a server with a store of its own, which calls a handler of ours."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
from pathlib import Path
import socket
import subprocess
import sys
import tempfile
import threading
import time
import typing as ty

from hypercorn import asyncio as serving
from hypercorn import config
import restate as library

from benchmarks.peers.peer import ANSWER
from benchmarks.peers.things import Things

# Where npm has put it, below the environment.
_SERVER = "node_modules/@restatedev/restate-server-*/bin/restate-server"
# Seconds that it may take to start.
_PATIENCE = 60.0
_JSON = {"Content-Type": "application/json"}


class Restate:
    """Its server, and a service of one handler in this process.

    :param things: what it makes
    """

    def __init__(self, things: Things) -> None:
        self._idle: list[http.client.HTTPConnection] = []
        self._ingress, admin, node, service = (_free() for _ in range(4))
        self._stores = contextlib.ExitStack()
        store = self._stores.enter_context(tempfile.TemporaryDirectory())
        _serve(things, service)
        self._server = _started(Path(store), self._ingress, admin, node)
        try:
            _registered(admin, service)
        except BaseException:
            self.close()
            raise

    def answer(self, token: str) -> object:
        """Make a thing, or give the first answer again."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = http.client.HTTPConnection("127.0.0.1", self._ingress)
            connection.connect()
            # It sends a request's head and body apart.
            option = socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            connection.sock.setsockopt(*option)
        answer = _post(connection, "/things/make", {"Idempotency-Key": token})
        self._idle.append(connection)
        return answer

    def close(self) -> None:
        """End the server, and delete its store."""
        self._server.kill()
        self._server.wait()
        self._stores.close()


def opened(url: str, things: Things) -> Restate:
    """Start its server, which has nothing to do with the database."""
    return Restate(things)


def _serve(things: Things, port: int) -> None:
    """Serve the handler from a thread of this process."""
    service = library.Service("things")

    async def make(ctx: ty.Any) -> str:
        await ctx.run_typed("add", things.add)
        return ANSWER

    service.handler()(make)
    settings = config.Config()
    settings.bind = [f"127.0.0.1:{port}"]
    settings.accesslog = None

    async def never() -> None:
        await asyncio.Event().wait()

    def run() -> None:
        application: ty.Any = library.app(services=[service])
        asyncio.run(
            serving.serve(application, settings, shutdown_trigger=never)
        )

    threading.Thread(target=run, daemon=True).start()


def _started(
    store: Path, ingress: int, admin: int, node: int
) -> subprocess.Popen[bytes]:
    (program,) = Path(sys.prefix).glob(_SERVER)
    settings = {
        "RESTATE_BASE_DIR": str(store),
        "RESTATE_NODE_NAME": "benchmarks",
        "RESTATE_LISTEN_MODE": "tcp",
        "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_DISABLE_TELEMETRY": "true",
        "RESTATE_LOG_FILTER": "error",
    }
    return subprocess.Popen(
        [str(program)], env=os.environ | settings, stdout=subprocess.DEVNULL
    )


def _registered(admin: int, service: int) -> None:
    """Tell the server where the handler is, as soon as it listens."""
    told = {"uri": f"http://127.0.0.1:{service}"}
    end = time.monotonic() + _PATIENCE
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=20)
        try:
            _post(connection, "/deployments", {}, json.dumps(told))
        except (OSError, RuntimeError, http.client.HTTPException):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return
        finally:
            connection.close()


def _post(
    connection: http.client.HTTPConnection,
    path: str,
    headers: dict[str, str],
    body: str | None = None,
) -> bytes:
    more = _JSON if body else {}
    connection.request("POST", path, body, headers | more)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{answer.status}: {text.decode()}")
    return text


def _free() -> int:
    """Return a port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
