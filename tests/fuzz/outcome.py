# SPDX-License-Identifier: Apache-2.0
"""What becomes of a request, and how two of them are alike."""

from __future__ import annotations

import collections
import dataclasses
import json
import typing as ty

from tests.fuzz.wsgi import Answer

#: The headers of ours.
OURS = (
    "x-client-token",
    "x-client-token-expires",
    "x-client-token-request-id",
    "x-client-token-state",
    "idempotent-replayed",
)
_IDS = {"x-openstack-request-id", "x-compute-request-id"}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What becomes of a request.

    :param answer: the answer to it
    :param did: its effects, see :mod:`testing.nova.effects`
    """

    answer: Answer
    did: collections.Counter[str]


def kept(answer: Answer, *more: str) -> list[tuple[str, str]]:
    """Return the headers that a replay repeats.

    :param more: headers that do not count either
    """
    apart = {*_IDS, *more}
    return sorted((n, v) for n, v in answer.headers if n.lower() not in apart)


def names(answer: Answer) -> list[str]:
    """Return the names of an answer's headers, without ours."""
    named = [name.lower() for name, _ in answer.headers]
    return sorted(name for name in named if name not in OURS)


def shape(body: bytes) -> ty.Any:
    """Return the kinds of the values in a body, if it is JSON."""
    try:
        return _kinds(json.loads(body))
    except ValueError:
        return body


def _kinds(value: ty.Any) -> ty.Any:
    if isinstance(value, dict):
        return {key: _kinds(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_kinds(item) for item in value]
    return type(value)
