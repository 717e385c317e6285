# SPDX-License-Identifier: Apache-2.0
"""A database server of the campaign's own, which can crash and come back.

From the binaries that are installed, in a folder of its own, on a free port
of the loopback; the servers of the machine are never touched.
"""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
import os
from pathlib import Path
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import typing as ty

import sqlalchemy as sa

from chaos.hosts import wait_until
from embedded import database_server

# Where distributions keep what is not on everybody's path.
_FOLDERS = ("/usr/sbin", "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
_CONNECTIONS = 400

#: Who connects: cutting off the one must leave the others alone.
TROUBLED = ("troubled0", "troubled1")
BYSTANDER = "bystander"
CONDUCTOR = "conductor"


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
            f"--max-connections={_CONNECTIONS}",
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
            f"-cmax_connections={_CONNECTIONS}",
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
    lacking = [tool for tool in kind.tools if _found(tool) is None]
    if lacking:
        return f"no {lacking[0]} is there; install {kind.package}"
    return None


class Daemon:
    """One server, made in a folder and not yet started.

    :param backend: a key of KINDS
    :param folder: gets its files, and must be its account's
    """

    def __init__(self, backend: str, folder: Path) -> None:
        self._kind = KINDS[backend]
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = self._kind.url.format(port=self._port)
        self._process: subprocess.Popen[bytes] | None = None
        made = self._open(self._kind.tools[0], self._kind.make)
        if made.wait() != 0:
            raise RuntimeError(f"no server was made:\n{self._tail()}")

    def start(self) -> None:
        """Start it; it answers a little later."""
        self._process = self._open(self._kind.tools[1], self._kind.run)

    def answers(self) -> bool:
        """Tell whether it takes requests.

        :raises RuntimeError: it has ended by itself
        """
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"the server has ended:\n{self._tail()}")
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

    def welcome(self, name: str) -> None:
        """Let somebody connect who may do everything.

        :param name: the name, for which no password is needed
        """
        with database_server.engine(self.url).begin() as connection:
            for statement in self._kind.users:
                connection.execute(sa.text(statement.format(name=name)))

    def _open(
        self, tool: str, arguments: ty.Sequence[str]
    ) -> subprocess.Popen[bytes]:
        filled = [
            argument.format(folder=self._folder, port=self._port)
            for argument in arguments
        ]
        account = self._kind.account if os.geteuid() == 0 else None
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(_found(tool)), *filled],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=account,
                group=account and pwd.getpwnam(account).pw_gid,
                extra_groups=None if account is None else (),
                # Ctrl-C is for the campaign, which ends it.
                start_new_session=True,
            )

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


@contextlib.contextmanager
def started(backend: str) -> ty.Iterator[Daemon]:
    """Make a server, run it, and leave nothing of it behind.

    :param backend: a key of KINDS
    """
    account = KINDS[backend].account
    if os.geteuid() != 0:
        account = getpass.getuser()
    # Not in the campaign's folder, which is nobody else's to enter.
    folder = Path(tempfile.mkdtemp(prefix="nova-chaos-server-"))
    try:
        shutil.chown(folder, account)
        daemon = Daemon(backend, folder)
        daemon.start()
        try:
            wait_until(daemon.answers, "the database server answers")
            for name in (*TROUBLED, BYSTANDER, CONDUCTOR):
                daemon.welcome(name)
            yield daemon
        finally:
            daemon.crash()
    finally:
        shutil.rmtree(folder)


def _found(tool: str) -> str | None:
    folders = [
        str(found)
        for pattern in _FOLDERS
        for found in sorted(Path("/").glob(pattern[1:]), reverse=True)
    ]
    path = os.pathsep.join([os.environ.get("PATH", ""), *folders])
    return shutil.which(tool, path=path)
