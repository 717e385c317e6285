# SPDX-License-Identifier: Apache-2.0
"""A database server of the campaign's own, which can crash and come back.

From the binaries that are installed, in a folder of its own, on a free port
of the loopback; the servers of the machine are never touched.
"""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import socket
import subprocess
import typing as ty

import sqlalchemy as sa

from chaos import programs
from chaos.hosts import wait_until
from chaos.programs import Programs
from embedded import database_server

#: How many connections a server of a campaign takes.
CONNECTIONS = 400


@dataclasses.dataclass(frozen=True)
class Kind:
    """How one kind of server is run.

    :param package: what to install where its binaries are missing
    :param account: who runs it where we are root
    :param tools: its binaries: the one that makes its files, the server
    :param make: arguments of the first
    :param run: arguments of the second; both may name {folder} and {port}
    :param url: of the server as its superuser
    :param crash: the signal after which it has to recover from its log
    :param user: the statement that creates another superuser
    """

    package: str
    account: str
    tools: tuple[str, str]
    make: tuple[str, ...]
    run: tuple[str, ...]
    url: str
    crash: signal.Signals
    users: tuple[str, ...]


KINDS = {
    "mysql": Kind(
        package="mariadb-server",
        account="mysql",
        tools=("mariadb-install-db", "mariadbd"),
        make=(
            "--no-defaults",
            "--datadir={folder}/data",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ),
        run=(
            "--no-defaults",
            "--datadir={folder}/data",
            "--socket={folder}/socket",
            "--pid-file={folder}/pid",
            "--bind-address=127.0.0.1",
            "--port={port}",
            f"--max-connections={CONNECTIONS}",
            # What is committed survives the process, if not the machine.
            "--innodb-flush-log-at-trx-commit=2",
            "--skip-name-resolve",
        ),
        url="mysql+pymysql://root@127.0.0.1:{port}/?ssl_disabled=true",
        crash=signal.SIGKILL,
        users=(
            "CREATE USER {name}@127.0.0.1",
            "GRANT ALL ON *.* TO {name}@127.0.0.1",
        ),
    ),
    "postgresql": Kind(
        package="postgresql",
        account="postgres",
        tools=("initdb", "postgres"),
        make=(
            "--pgdata={folder}/data",
            "--username=postgres",
            "--auth=trust",
            "--no-sync",
        ),
        run=(
            "-D{folder}/data",
            "-k{folder}",
            "-p{port}",
            "-clisten_addresses=127.0.0.1",
            f"-cmax_connections={CONNECTIONS}",
            "-cfsync=off",
        ),
        url="postgresql+psycopg2://postgres@127.0.0.1:{port}/postgres",
        # Its processes are many, each in a group of its own: this one makes
        # all of them drop what they do, and recovery is the same.
        crash=signal.SIGQUIT,
        users=("CREATE ROLE {name} SUPERUSER LOGIN",),
    ),
}


def missing(backend: str) -> str | None:
    """Return what to install for a kind of server, None if it is there.

    :param backend: a key of KINDS
    """
    kind = KINDS[backend]
    lacking = programs.missing(kind.tools)
    if lacking:
        return f"no {lacking} is there; install {kind.package}"
    return None


class Daemon:
    """One server, made in a folder and not yet started.

    :param backend: a key of KINDS
    :param run: runs its binaries
    """

    def __init__(self, backend: str, run: Programs) -> None:
        self._kind = KINDS[backend]
        self._run = run
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = self._kind.url.format(port=self._port)
        self._process: subprocess.Popen[bytes] | None = None
        self._run.done(self._kind.tools[0], self._filled(self._kind.make))

    def start(self) -> None:
        """Start it; it answers a little later."""
        arguments = self._filled(self._kind.run)
        self._process = self._run.begun(self._kind.tools[1], arguments)

    def answers(self) -> bool:
        """Tell whether it takes requests.

        :raises RuntimeError: it has ended by itself
        """
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"the server has ended:\n{self._run.tail()}")
        try:
            with database_server.engine(self.url).connect():
                return True
        except sa.exc.OperationalError:
            return False

    def crash(self) -> None:
        """End it at once, whatever it is doing."""
        if self._process is not None:
            self._process.send_signal(self._kind.crash)
            self._process.wait()
            self._process = None

    def _filled(self, arguments: ty.Iterable[str]) -> list[str]:
        where = {"folder": self._run.folder, "port": self._port}
        return [argument.format(**where) for argument in arguments]


def welcome(url: str, kind: Kind, name: str) -> None:
    """Let somebody connect to a server who may do everything.

    :param url: of the server, as its superuser
    :param kind: what it is
    :param name: the name, for which no password is needed
    """
    with database_server.engine(url).begin() as connection:
        for statement in kind.users:
            connection.execute(sa.text(statement.format(name=name)))


@contextlib.contextmanager
def started(backend: str, users: ty.Iterable[str]) -> ty.Iterator[Daemon]:
    """Make a server, run it, and leave nothing of it behind.

    :param backend: a key of KINDS
    :param users: who may connect, without a password, and do everything
    """
    with programs.of(KINDS[backend].account) as run:
        daemon = Daemon(backend, run)
        daemon.start()
        try:
            wait_until(daemon.answers, "the database server answers")
            for name in users:
                welcome(daemon.url, KINDS[backend], name)
            yield daemon
        finally:
            daemon.crash()
