# SPDX-License-Identifier: Apache-2.0
"""HAProxy before the nodes of a cluster, which deals connections out to all.

So one API host writes to each of them, one transaction after the other.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
import typing as ty

from chaos.galera import Node
from embedded import environment
from embedded import haproxy
from embedded import ports
from embedded.children import Children

# A node that is dead gets no connections, and those that it had are ended.
_CONFIGURATION = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    default-server check inter 200ms fall 1 rise 1 on-marked-down shutdown-sessions

listen nodes
    bind {host}:{port}
    balance roundrobin
    option redispatch 1
"""  # noqa: E501 - a line of HAProxy's


@contextlib.contextmanager
def started(folder: Path, nodes: ty.Iterable[Node]) -> ty.Iterator[int]:
    """Give the port of one, and end it.

    :param folder: where its files go
    :param nodes: what is behind it
    """
    (port,) = ports.free(1)
    text = _CONFIGURATION.format(host=ports.HOST, port=port)
    for node in nodes:
        text += f"    server node{node.number} {ports.HOST}:{node.port}\n"
    file = folder / "dealer.cfg"
    file.write_text(text)
    children = Children()
    try:
        children.start(
            "haproxy",
            haproxy.command(file),
            environment.inherited(),
            folder / "dealer.log",
        )
        yield port
    finally:
        children.stop()
