# SPDX-License-Identifier: Apache-2.0
"""The database servers of a site, and what can happen to them."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import typing as ty

import sqlalchemy as sa

from chaos import daemon
from chaos import databases
from chaos import galera
from chaos import outages
from chaos.daemon import Daemon
from chaos.databases import Database
from chaos.galera import Node
from chaos.weather import Service

#: All kinds, by their names.
KINDS: ty.Final = (*daemon.KINDS, "galera")

# Who connects: cutting off the one must leave the others alone.
_TROUBLED = ("troubled0", "troubled1")
_BYSTANDER = "bystander"
_CONDUCTOR = "conductor"
# On a cluster there is trouble on each node, also on the one that stays.
_ON_NODES = (*_TROUBLED, "troubled2")


_D = ty.TypeVar("_D", bound=Database)


@dataclasses.dataclass(frozen=True)
class Ground(ty.Generic[_D]):
    """Databases, and who connects to which server.

    :param urls: the databases, as no host connects to them
    :param cells: those of the cells, as hosts find them
    :param troubled: what hosts connect to that get into trouble, by name
    :param bystander: what those connect to that do not
    :param conductor: what the conductor connects to
    :param copies: the databases on each server
    :param services: what can be out of reach
    """

    urls: _D
    cells: _D
    troubled: ty.Mapping[str, _D]
    bystander: _D
    conductor: _D
    copies: ty.Sequence[_D]
    services: ty.Mapping[str, Service]

    @property
    def homes(self) -> dict[str, _D]:
        """What each host connects to; the last one is the bystanders'."""
        return {**self.troubled, _BYSTANDER: self.bystander}


@dataclasses.dataclass(frozen=True)
class _Server:
    """The only server, seen by everybody."""

    daemon: Daemon

    def fail(self) -> None:
        self.daemon.crash()

    def recover(self) -> None:
        self.daemon.start()

    def answers(self) -> bool:
        return self.daemon.answers()


class _Turns:
    """One node after the other gets into trouble, and out of it.

    :param nodes: all of them; the last one stays, so that the others are the
        minority in turn
    :param fail: puts one out of reach
    :param recover: begins to bring it back
    """

    def __init__(
        self,
        nodes: ty.Sequence[Node],
        fail: ty.Callable[[Node], None],
        recover: ty.Callable[[Node], None],
    ) -> None:
        self._nodes = nodes
        self._turns = itertools.cycle(nodes[:-1])
        self._fail = fail
        self._recover = recover
        self._node = next(self._turns)

    def fail(self) -> None:
        self._node = next(self._turns)
        self._fail(self._node)

    def recover(self) -> None:
        self._recover(self._node)

    def answers(self) -> bool:
        return galera.whole(self._nodes)


def missing(kind: str) -> str | None:
    """Return what to install for a kind, None if it is there.

    :param kind: one of KINDS
    """
    return galera.missing() if kind == "galera" else daemon.missing(kind)


@contextlib.contextmanager
def started(kind: str, which: type[_D]) -> ty.Iterator[Ground[_D]]:
    """Start the servers, make databases, and leave nothing of it behind.

    :param kind: one of KINDS
    :param which: says which databases
    """
    if kind == "galera":
        with galera.started([*_ON_NODES, _BYSTANDER, _CONDUCTOR]) as nodes:
            yield _on_nodes(nodes, which)
        return
    users = [*_TROUBLED, _BYSTANDER, _CONDUCTOR]
    with daemon.started(kind, users) as server:
        urls = databases.create(which, sa.make_url(server.url))
        yield Ground(
            urls=urls,
            cells=urls,
            troubled={name: urls.of(name) for name in _TROUBLED},
            bystander=urls.of(_BYSTANDER),
            conductor=urls.of(_CONDUCTOR),
            copies=[urls],
            services={outages.DATABASE: _Server(server)},
        )


def _on_nodes(nodes: ty.Sequence[Node], which: type[_D]) -> Ground[_D]:
    """Put a host on each node, and who is to notice nothing on the last.

    That one stays. The conductor waits for what was committed on another
    node: Nova's takes a row that it cannot read yet for one that a user has
    deleted.
    """
    last = nodes[-1]
    urls = databases.create(which, sa.make_url(last.current_url))
    troubled = {
        name: urls.at(node.url).of(name)
        for name, node in zip(_ON_NODES, nodes, strict=True)
    }
    return Ground(
        urls=urls,
        cells=urls.anywhere(),
        troubled=troubled,
        bystander=urls.at(last.url).of(_BYSTANDER),
        conductor=urls.of(_CONDUCTOR),
        copies=[urls.at(node.current_url) for node in nodes],
        services={
            outages.DEAD_NODE: _Turns(nodes, Node.kill, Node.start),
            outages.LONE_NODE: _Turns(nodes, Node.cut_off, Node.heal),
        },
    )
