# SPDX-License-Identifier: Apache-2.0
"""aws-lambda-powertools, with its own layer on Redis."""

from __future__ import annotations

from aws_lambda_powertools.utilities.idempotency.persistence import redis

from benchmarks.peers import powertools
from benchmarks.peers.redis import URL
from benchmarks.peers.things import Things


def opened(url: str, things: Things) -> powertools.Powertools:
    """Start it; only the things are in the database."""
    layer = redis.RedisCachePersistenceLayer(url=URL)
    return powertools.Powertools(layer, things)
