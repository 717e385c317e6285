# SPDX-License-Identifier: Apache-2.0
"""An answer of the service, as it is kept for a token."""

from __future__ import annotations

import dataclasses
import json


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a client gets: status, headers and body bytes.

    :param status: the HTTP status code
    :param headers: name and value pairs, in order
    :param body: the body, byte for byte
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def dump(self) -> bytes:
        """Return the bytes that :meth:`load` reads."""
        head = json.dumps([self.status, self.headers], separators=(",", ":"))
        return head.encode("ascii") + b"\n" + self.body

    @classmethod
    def load(cls, data: bytes) -> Answer:
        """Return the answer that was dumped.

        :param data: what :meth:`dump` returned
        """
        head, _, body = data.partition(b"\n")
        status, headers = json.loads(head)
        return cls(status, tuple((n, v) for n, v in headers), body)


@dataclasses.dataclass(frozen=True)
class Replay:
    """Says that an answer is not the first, and whose it was.

    :param request_id: the id of the request that ran
    """

    request_id: str


@dataclasses.dataclass(frozen=True)
class Reply:
    """An answer with what the protocol adds to it (section 3).

    :param answer: the service's answer, the first one or that one again
    :param expires_at: when the token ends, in milliseconds since the epoch;
        None where nothing is kept
    :param replay: set for all answers but the first
    """

    answer: Answer
    expires_at: int | None
    replay: Replay | None = None
