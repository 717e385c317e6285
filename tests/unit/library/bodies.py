# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests, in the form by which they are compared."""

from __future__ import annotations

import io
import json
import typing as ty

from openstack_idempotency.protocol import digest
from openstack_idempotency.protocol import sameness

Json = ty.Any


def canonical(
    body: bytes | str,
    query: str = "",
    version: str = "2.90",
    content_type: str | None = "application/json",
) -> bytes:
    sent = body.encode() if isinstance(body, str) else body
    written = io.BytesIO()
    sameness.write(query, version, sent, content_type, written.write)
    return written.getvalue()


def form(data: bytes) -> digest.Form:
    """Return what writes bytes in one piece."""
    return lambda write: write(data)


def value(body: Json) -> bytes:
    return canonical(json.dumps(body))
