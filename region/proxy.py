# SPDX-License-Identifier: Apache-2.0
"""HAProxy before the API hosts, as the guide for operators sets it."""

from __future__ import annotations

from pathlib import Path
import socket
import time
import typing as ty

from embedded import environment
from embedded import haproxy
from embedded.children import Children
from embedded.ports import HOST
from embedded.process import Process

# What a busy machine needs for a request at most.
_SECONDS = 300
_PAUSE = 0.05

#: What sends a POST again to another host, if it has a token, and never
#: without one. docs/deployment.md says the same.
RETRIES: ty.Final = (
    "retry-on conn-failure empty-response response-timeout 503",
    "retries 2",
    "option redispatch 1",
    # Of a request whose body comes later than its head it keeps too little.
    "option http-buffer-request",
    "http-request disable-l7-retry if METH_POST "
    "!{ req.hdr(X-Client-Token) -m found }",
)
_CONFIGURATION = """
global
    stats socket {socket} mode 600 level admin

defaults
    mode http
    option httpclose
    timeout connect 5s
    timeout client {longest}s
    timeout server {longest}s

listen nova
    bind {host}:{port}
    balance roundrobin
    http-request set-timeout server {patience}s if {{ path_end /servers }}
    {retries}
"""


class Proxy:
    """HAProxy in the foreground, which is told what to do as it runs.

    :param folder: where its files go
    :param port: where clients ask
    :param servers: the port of each API host, by name
    :param up: which of them get requests at once; the others do when they
        are admitted
    :param patience: so many seconds it waits for the answer about a server;
        for others it waits longer, so that a slow start fails no test
    :param retries: whether it sends requests with a token again by itself
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        servers: ty.Mapping[str, int],
        up: ty.Collection[str],
        patience: int,
        *,
        retries: bool,
    ) -> None:
        self._folder = folder
        self._port = port
        self._servers = servers
        self._up = up
        self._patience = patience
        self._retries = retries
        self._process: Process | None = None

    def start(self, children: Children) -> None:
        """Start it, without waiting for it.

        :param children: what it is started by
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / "haproxy.cfg"
        file.write_text(self._configuration())
        self._process = children.start(
            "haproxy",
            haproxy.command(file),
            environment.inherited(),
            self._folder / "haproxy.log",
        )

    def wait_until_up(self) -> None:
        """Wait until it answers, which it does when one of its hosts does.

        :raises ProcessError: it has ended, or stayed silent too long
        """
        if self._process is None:
            raise ValueError("it was never started")
        self._process.wait_until_answers(self._port)

    def _configuration(self) -> str:
        text = _CONFIGURATION.format(
            socket=self._socket,
            patience=self._patience,
            longest=_SECONDS,
            host=HOST,
            port=self._port,
            retries="\n    ".join(RETRIES if self._retries else ()),
        )
        for name, port in self._servers.items():
            away = "" if name in self._up else " disabled"
            text += f"    server {name} {HOST}:{port}{away}\n"
        return text

    @property
    def _socket(self) -> Path:
        return self._folder / "socket"

    def admit(self, name: str) -> None:
        """Let clients come to a host.

        :param name: the host
        """
        self._tell(f"set server nova/{name} state ready")

    def drain(self, name: str) -> None:
        """Send no more requests to a host, and wait for those that it has.

        :param name: the host
        :raises TimeoutError: it does not answer them
        """
        self._tell(f"set server nova/{name} state drain")
        deadline = time.monotonic() + _SECONDS
        while self._sessions(name):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} has requests after {_SECONDS} s")
            time.sleep(_PAUSE)

    def _sessions(self, name: str) -> int:
        lines = self._tell("show stat").lstrip("# ").splitlines()
        names = lines[0].split(",")
        for line in lines[1:]:
            row = dict(zip(names, line.split(","), strict=False))
            if row["svname"] == name:
                return int(row["scur"])
        raise KeyError(name)

    def _tell(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(str(self._socket))
            connection.sendall(f"{command}\n".encode())
            with connection.makefile("r") as answer:
                return answer.read()
