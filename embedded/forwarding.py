# SPDX-License-Identifier: Apache-2.0
"""Sends on what a proxy was given."""

from __future__ import annotations

from email.message import Message
import http.client
import typing as ty
import urllib.parse

#: What belongs to one connection is not passed on to the next.
HOP_BY_HOP: ty.Final = frozenset(
    {"connection", "keep-alive", "proxy-authorization", "proxy-connection",
     "transfer-encoding"}
)  # fmt: skip


def asked(url: str) -> tuple[str, str]:
    """Return the host and port that are asked, and path with query.

    A proxy is asked for a whole URL; the API wants path and query.

    :param url: of the request line; without a host, that is empty
    """
    parts = urllib.parse.urlsplit(url)
    return parts.netloc, parts._replace(scheme="", netloc="").geturl()


def forward(
    where: str,
    method: str,
    path: str,
    headers: Message,
    body: bytes,
    *,
    seconds: float,
) -> http.client.HTTPConnection:
    """Send a request on; return the connection that its answer comes by.

    :param where: host and port
    :param method: how
    :param path: for what, with the query
    :param headers: as they came
    :param body: as it came
    :param seconds: how long the API may take
    """
    connection = http.client.HTTPConnection(where, timeout=seconds)
    connection.putrequest(
        method, path, skip_host=True, skip_accept_encoding=True
    )
    for name, value in headers.items():
        if name.lower() not in HOP_BY_HOP:
            connection.putheader(name, value)
    connection.endheaders(body)
    return connection
