# SPDX-License-Identifier: Apache-2.0
"""The broker to which the API casts, in an exchange of one site's own."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import os
import uuid

import kombu

# The broker that is used if it answers; another place can be named.
_URL = os.environ.get(
    "TEST_RABBITMQ_URL", "rabbit://guest:guest@127.0.0.1:5672/"
)


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


@contextlib.contextmanager
def exchange() -> Iterator[tuple[str, str]]:
    """Give a URL and the name of an exchange, and delete that in the end.

    Nobody listens there: what is cast to conductors is dropped.
    """
    name = f"nova_chaos_{uuid.uuid4().hex}"
    try:
        yield _URL, name
    finally:
        with _connection() as connection:
            kombu.Exchange(name, channel=connection.channel()).delete()


def _connection() -> kombu.Connection:
    return kombu.Connection(_URL.replace("rabbit://", "amqp://", 1))
