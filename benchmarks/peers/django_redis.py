# SPDX-License-Identifier: Apache-2.0
"""django-idempotency-key, with Django's cache in Redis."""

from __future__ import annotations

from benchmarks.peers import django
from benchmarks.peers.redis import URL
from benchmarks.peers.things import Things


def opened(url: str, things: Things) -> django.Django:
    """Start it; only the things are in the database."""
    cache = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": URL,
    }
    return django.with_cache(url, things, cache)
