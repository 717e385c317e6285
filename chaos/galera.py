# SPDX-License-Identifier: Apache-2.0
"""Three nodes of a Galera cluster, which can die, be cut off, and rejoin.

On free ports of the loopback, in a folder of their own, as :mod:`.daemon`
runs a single server.
"""

from __future__ import annotations

from concurrent import futures
import contextlib
import dataclasses
import os
from pathlib import Path
import re
import signal
import subprocess
import typing as ty

import pymysql
import sqlalchemy as sa

from chaos import daemon
from chaos import programs
from chaos.hosts import wait_until
from chaos.programs import Programs
from embedded import database_server
from embedded.ports import free

#: What Debian calls what is needed besides MariaDB's server.
PACKAGES: ty.Final = "galera-4, rsync and socat"
NODES = 3
_LIBRARY = "/usr/lib/galera/libgalera_smm.so"
_TOOLS = ("rsync", "socat")
_MARIADB = daemon.KINDS["mysql"]
# What a node listens on: its clients, the group, and what it needs to catch
# up, a part (IST) or all (SST).
_PORTS = ("client", "group", "part", "all")
# Silence is taken for death a little earlier than by default: so long nobody
# commits anything. Much earlier, a busy machine would be taken for it.
_PROVIDER = (
    "base_port={group};ist.recv_addr=127.0.0.1:{part};gcache.size=64M;"
    "evs.keepalive_period=PT0.3S;"
    "evs.inactive_check_period=PT0.2S;evs.suspect_timeout=PT4S;"
    "evs.inactive_timeout=PT10S;evs.install_timeout=PT5S"
)
_LOG_FILE = "--innodb-log-file-size=16M"
_RUN = (
    "--no-defaults",
    "--datadir={folder}/data{number}",
    "--socket={folder}/socket{number}",
    "--pid-file={folder}/pid{number}",
    "--bind-address=127.0.0.1",
    "--port={client}",
    f"--max-connections={daemon.CONNECTIONS}",
    # What is committed survives the process, if not the machine.
    "--innodb-flush-log-at-trx-commit=2",
    _LOG_FILE,
    "--skip-name-resolve",
    # What Galera asks for.
    "--binlog-format=ROW",
    "--innodb-autoinc-lock-mode=2",
    "--wsrep-on=ON",
    f"--wsrep-provider={_LIBRARY}",
    f"--wsrep-provider-options={_PROVIDER}",
    "--wsrep-node-name=node{number}",
    "--wsrep-node-address=127.0.0.1:{group}",
    "--wsrep-node-incoming-address=127.0.0.1:{client}",
    "--wsrep-sst-method=rsync",
    "--wsrep-sst-receive-address=127.0.0.1:{all}",
)
_WAIT_FOR_ALL = "SET SESSION wsrep_sync_wait = 1"
_STATUS = sa.text("SHOW GLOBAL STATUS LIKE 'wsrep_%'")
_WHOLE = {
    "wsrep_ready": "ON",
    "wsrep_cluster_size": str(NODES),
    # Nobody is about to be given up.
    "wsrep_evs_state": "OPERATIONAL",
}
# Seconds in which a node has caught up, on a machine that does much else.
_PATIENCE = 180.0
_POSITION = re.compile(r"WSREP: Recovered position: [0-9a-f-]+:(\d+)")
_MAY_BEGIN = ("safe_to_bootstrap: 0", "safe_to_bootstrap: 1")
_ISOLATE = "SET GLOBAL wsrep_provider_options = 'gmcast.isolate={}'"


def missing() -> str | None:
    """Return what keeps a cluster from being made, None if nothing does."""
    lacking = daemon.missing("mysql")
    if lacking is None and (
        programs.missing(_TOOLS) or not Path(_LIBRARY).exists()
    ):
        lacking = f"no Galera is there; install {PACKAGES}"
    return lacking


class Node:
    """One node, which is not started yet.

    :param run: runs its binaries, where its data are
    :param number: which one it is, from 0 on
    :param ports: what it listens on, by the names of _PORTS
    :param group: where all nodes are
    """

    def __init__(
        self,
        run: Programs,
        number: int,
        ports: ty.Mapping[str, int],
        group: str,
    ) -> None:
        self.number = number
        #: The server as its superuser sees it.
        self.url = _MARIADB.url.format(port=ports["client"])
        self.port = ports["client"]
        #: The same, for reads of all that was committed before on any node.
        self.current_url = f"{self.url}&init_command={_WAIT_FOR_ALL}"
        where = {"folder": run.folder, "number": number, **ports}
        self._arguments = [
            *(argument.format(**where) for argument in _RUN),
            f"--wsrep-cluster-address={group}",
        ]
        self._run = run
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it, to join the others; it answers a little later.

        :param options: more of its options
        """
        arguments = [*self._arguments, *options]
        self._process = self._run.begun("mariadbd", arguments)

    def begin(self) -> None:
        """Start it as the first of a cluster, with what it has."""
        # It would wait for the others of its last group otherwise.
        (self._data / "gvwstate.dat").unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            # A node that did not end last in good order refuses otherwise.
            state = self._data / "grastate.dat"
            state.write_text(state.read_text().replace(*_MAY_BEGIN))
        self.start("--wsrep-new-cluster")

    def position(self) -> int:
        """Return the number of the last transaction that a dead node has.

        :raises RuntimeError: it does not tell
        """
        self._run.done("mariadbd", [*self._arguments, "--wsrep-recover"])
        log = self._run.folder / self._run.log
        return int(_POSITION.findall(log.read_text(errors="replace"))[-1])

    @property
    def _data(self) -> Path:
        return self._run.folder / f"data{self.number}"

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        if self._process is not None:
            # With what it started to catch up.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def cut_off(self) -> None:
        """Let it hear nothing more of the others, nor they of it."""
        self._isolate(1)

    def heal(self) -> None:
        """Let it hear of the others again; it rejoins a little later."""
        self._isolate(0)

    def answers(self) -> bool:
        """Tell whether it takes requests, as a part of the majority.

        :raises RuntimeError: it has ended by itself
        """
        return self._status().get("wsrep_ready") == "ON"

    def hears_all(self) -> bool:
        """Tell whether it takes requests, and all nodes are its group.

        :raises RuntimeError: it has ended by itself
        """
        return self._status().items() >= _WHOLE.items()

    def _status(self) -> dict[str, str]:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"a node has ended:\n{self._run.tail()}")
        try:
            with database_server.engine(self.url).connect() as connection:
                return dict(connection.execute(_STATUS).tuples().all())
        except sa.exc.OperationalError:
            return {}

    def wait_until_it_answers(self) -> None:
        """Wait until it takes requests.

        :raises TimeoutError: it does not
        """
        self._wait_until(self.answers, "answers")

    def wait_until_it_is_alone(self) -> None:
        """Wait until it knows that it is cut off.

        :raises TimeoutError: it does not get to know
        """
        self._wait_until(lambda: not self.answers(), "is alone")

    def _wait_until(self, true: ty.Callable[[], bool], what: str) -> None:
        what = f"node {self.number} {what}"
        wait_until(true, what, every=0.1, patience=_PATIENCE)

    def _isolate(self, value: int) -> None:
        # Not by SQLAlchemy, which rolls back once: a node that is alone
        # refuses that.
        link = pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", ssl_disabled=True
        )
        with contextlib.closing(link), link.cursor() as cursor:
            cursor.execute(_ISOLATE.format(value))


@contextlib.contextmanager
def started(users: ty.Iterable[str]) -> ty.Iterator[list[Node]]:
    """Make a cluster, run it, and leave nothing of it behind.

    :param users: who may connect, without a password, and do everything
    """
    with programs.of(_MARIADB.account) as run, contextlib.ExitStack() as stack:
        nodes = _made(run)
        for node in nodes:
            stack.callback(node.kill)
        first, *others = nodes
        first.begin()
        first.wait_until_it_answers()
        for user in users:
            daemon.welcome(first.url, _MARIADB, user)
        _join(others)
        yield nodes


def whole(nodes: ty.Iterable[Node]) -> bool:
    """Tell whether all nodes take requests, and know of each other.

    The first node to be back may not be heard by each of the others yet: if
    one more failed now, nobody would have a majority.

    :param nodes: the nodes
    :raises RuntimeError: one has ended by itself
    """
    return all(node.hears_all() for node in nodes)


def restore(nodes: ty.Iterable[Node]) -> Node:
    """Make a cluster again of nodes that are all dead.

    :param nodes: the nodes
    :returns: the one that knew most, with which it began
    """
    with futures.ThreadPoolExecutor() as pool:
        known = dict(zip(nodes, pool.map(Node.position, nodes), strict=True))
    first = max(known, key=known.__getitem__)
    first.begin()
    first.wait_until_it_answers()
    _join(node for node in known if node is not first)
    return first


def _join(nodes: ty.Iterable[Node]) -> None:
    joining = [*nodes]
    for node in joining:
        node.start()
    for node in joining:
        node.wait_until_it_answers()


def _made(run: Programs) -> list[Node]:
    """Make the data of one, and copy them."""
    make = [a.format(folder=run.folder) for a in _MARIADB.make]
    run.done(_MARIADB.tools[0], [*make, _LOG_FILE])
    ports = _free_ports()
    group = ",".join(f"127.0.0.1:{mine['group']}" for mine in ports)
    for number in range(NODES):
        run.done("cp", ["--archive", "data", f"data{number}"])
    runs = (
        dataclasses.replace(run, log=f"log{number}") for number in range(NODES)
    )
    return [
        Node(each, number, mine, f"gcomm://{group}")
        for number, (each, mine) in enumerate(zip(runs, ports, strict=True))
    ]


def _free_ports() -> list[dict[str, int]]:
    chosen = iter(free(NODES * len(_PORTS)))
    return [{name: next(chosen) for name in _PORTS} for _ in range(NODES)]
