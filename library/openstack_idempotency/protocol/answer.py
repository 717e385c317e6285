# SPDX-License-Identifier: Apache-2.0
"""An answer of the service, as it is kept for a token."""

from __future__ import annotations

import dataclasses
import enum
import json
import typing as ty

# Temporary and permanent redirection (RFC 9110, sections 15.4.8 and 15.4.9):
# the same request has to be sent elsewhere. Here nothing was done for it.
_ELSEWHERE: ty.Final = (307, 308)


class Verdict(enum.Enum):
    """What an answer tells of the token: X-Client-Token-State (section 3)."""

    EXECUTED = "executed"
    REPLAYED = "replayed"
    REBUILT = "rebuilt"
    INTERRUPTED = "interrupted"
    RUNNING = "running"
    TAKEN_OVER = "taken-over"
    UNAVAILABLE = "unavailable"
    TOO_MANY = "too-many"
    DIFFERENT = "different"
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"
    FAILED = "failed"
    UNKNOWN = "unknown"
    ANSWER_LOST = "answer-lost"
    INVALID = "invalid"


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a client gets: status, headers and body bytes.

    :param status: the HTTP status code
    :param headers: name and value pairs, in order
    :param body: the body, byte for byte
    :param rebuilt: whether it was read again from what is there, so that
        its secrets are lost
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    rebuilt: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the service did what it was asked for."""
        return self.status < 400 and self.status not in _ELSEWHERE

    def dump(self) -> bytes:
        """Return the bytes that :meth:`load` reads."""
        head = [self.status, self.headers, self.rebuilt]
        text = json.dumps(head, separators=(",", ":"))
        return text.encode("ascii") + b"\n" + self.body

    @classmethod
    def load(cls, data: bytes) -> Answer:
        """Return the answer that was dumped.

        :param data: what :meth:`dump` returned
        """
        head, _, body = data.partition(b"\n")
        status, headers, rebuilt = json.loads(head)
        pairs = tuple((name, value) for name, value in headers)
        return cls(status, pairs, body, rebuilt)


@dataclasses.dataclass(frozen=True)
class Reply:
    """An answer with what the protocol adds to it (section 3).

    :param answer: the service's answer, the first one or that one again
    :param verdict: what it tells of the token
    :param expires_at: when the token ends, in milliseconds since the epoch;
        None where nothing is kept
    :param request_id: the id of the request that ran, if this one did not
    """

    answer: Answer
    verdict: Verdict
    expires_at: int | None = None
    request_id: str | None = None

    @property
    def replayed(self) -> bool:
        """Whether the answer is an earlier request's."""
        return self.request_id is not None
