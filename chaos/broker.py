# SPDX-License-Identifier: Apache-2.0
"""The broker to which the API casts, in an exchange of one site's own."""

from __future__ import annotations

import contextlib
import os
import typing as ty
import urllib.parse
import uuid

import kombu

# The broker that is used if it answers; another place can be named.
URL = os.environ.get(
    "TEST_RABBITMQ_URL", "rabbit://guest:guest@127.0.0.1:5672/"
)
_PORT = 5672


def missing() -> str | None:
    """Return why the broker cannot be used, None if it can."""
    if os.environ.get("TEST_REQUIRE_DATABASES"):
        return None
    try:
        with _connection() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
            return None
    except OSError:
        return "no RabbitMQ answers"


def address() -> tuple[str, int]:
    """Return host and port of the broker."""
    parts = urllib.parse.urlsplit(URL)
    return parts.hostname or "127.0.0.1", parts.port or _PORT


def by_way_of(port: int) -> str:
    """Return the broker's URL by way of a relay.

    :param port: the relay's, on the loopback
    """
    parts = urllib.parse.urlsplit(URL)
    user, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}127.0.0.1:{port}").geturl()


@contextlib.contextmanager
def exchange() -> ty.Iterator[str]:
    """Give the name of an exchange and of a conductor's topic in it.

    The queue of a topic bears its name, whatever the exchange is: so theirs
    is no other site's either. All of them are deleted in the end.
    """
    name = f"nova_chaos_{uuid.uuid4().hex}"
    try:
        yield name
    finally:
        with _connection() as connection:
            channel = connection.channel()
            for queue in (name, f"{name}.{name}"):
                kombu.Queue(queue, channel=channel).delete()
            for exchange_ in (name, f"{name}_fanout"):
                kombu.Exchange(exchange_, channel=channel).delete()


def _connection() -> kombu.Connection:
    return kombu.Connection(URL.replace("rabbit://", "amqp://", 1))
