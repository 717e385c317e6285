# SPDX-License-Identifier: Apache-2.0
"""A token as the table holds it, and a request's hold on it."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import enum
import typing as ty


class State(enum.Enum):
    """What is known of the first request (protocol section 8)."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Resource:
    """A resource that a token made.

    :param kind: server, keypair, ...
    :param id: the id by which the API names it
    :param row_id: the primary key of its row; names of keypairs can be used
        again, a primary key tells the first from a later one
    """

    kind: str
    id: str
    row_id: int


@dataclasses.dataclass(frozen=True)
class Record:
    """The row of a token, as it was read at one moment.

    Times are the database's, in milliseconds since the epoch.
    """

    id: int
    digest: bytes
    fingerprint: bytes
    state: State
    owner: str
    linked: int
    lease_until: int
    expires_at: int
    request_id: str
    sealed: bytes | None


@dataclasses.dataclass
class Claim:
    """A request's hold on its token, while it runs.

    :param id: the row's key
    :param digest: the token's digest in that row
    :param owner: a random name; the row bears it as long as the claim holds
    :param claimed_at: database time of the claim, in milliseconds
    :param started: monotonic time of the claim, in seconds
    :param link: the kind of resource that the operation binds, if any
    :param lost: set when the fence stopped this request (section 5)
    :param deadlocked: set when the database broke off a transaction of this
        request to let another one pass
    """

    id: int
    digest: bytes
    owner: str
    claimed_at: int
    started: float
    link: str | None = None
    lost: bool = False
    deadlocked: bool = False


_current: contextvars.ContextVar[Claim | None] = contextvars.ContextVar(
    "idempotency_claim", default=None
)


def current() -> Claim | None:
    """Return the claim under which the calling code runs, if any."""
    return _current.get()


@contextlib.contextmanager
def running(claim: Claim) -> ty.Iterator[None]:
    """Let what runs inside know its claim.

    :param claim: the claim that :func:`current` then returns
    """
    reset = _current.set(claim)
    try:
        yield
    finally:
        _current.reset(reset)
