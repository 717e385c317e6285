# SPDX-License-Identifier: Apache-2.0
"""A token as the table holds it."""

from __future__ import annotations

import dataclasses
import enum
import typing as ty

#: The end of a token that lasts as long as what it made: not known yet.
FOREVER: ty.Final = 2**62


class State(enum.Enum):
    """What is known of the first request."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Resource:
    """A resource that is bound to a token.

    :param kind: server, keypair, ...
    :param id: the id by which the API names it
    :param key: the primary key of its row, as text: the name of a keypair can
        be used again, and only the key tells the first from a later one
    :param incarnation: what tells two rows of one key apart, where keys can
        be used again, too
    """

    kind: str
    id: str
    key: str
    incarnation: str | None = None


@dataclasses.dataclass(frozen=True)
class Record:
    """The row of a token, as it was read at one moment.

    Times are the database's, in milliseconds since the epoch.

    :param linked: whether the operation bound what it made (section 5), when
        the row was written
    :param bound: how many resources are bound
    :param takeovers: how many times another request took the row over
    :param undo: how many withdrawals have still to be undone
    :param roles: the roles of the request that ran, in lower case
    :param status: the status of its answer, None without one
    :param answer_until: when its answer goes, if that is before the row goes
    """

    id: int
    digest: bytes
    fingerprint: bytes
    state: State
    owner: str
    linked: bool
    bound: int
    takeovers: int
    undo: int
    roles: frozenset[str]
    lease_until: int
    expires_at: int
    request_id: str
    status: int | None
    sealed: bytes | None
    answer_until: int | None = None

    def runs(self, now: int) -> bool:
        """Tell whether its request runs, by its lease.

        :param now: the database's time
        """
        return self.state is State.RUNNING and now < self.lease_until

    def has_answer(self, now: int) -> bool:
        """Tell whether its answer is still kept (section 6).

        :param now: the database's time
        """
        kept = self.answer_until is None or now < self.answer_until
        return self.sealed is not None and kept

    def lives_until(self, now: int, life: int) -> int:
        """Return a time before which the token does not end, in milliseconds.

        One that lasts as long as a server may be seen without it now.

        :param now: the database's time
        :param life: milliseconds that a token lives
        """
        if self.expires_at < FOREVER:
            return self.expires_at
        if self.answer_until is not None and now < self.answer_until:
            return self.answer_until
        return now + life


def place(
    digest: bytes, target: bytes, state: State, status: int | None
) -> bytes:
    """Return what names the one place where a sealed answer belongs.

    :param digest: the token's, in its own row
    :param target: the target's digest
    :param state: the row's
    :param status: the status of the answer
    """
    return b"\n".join((digest, target, f"{state.value} {status}".encode()))
