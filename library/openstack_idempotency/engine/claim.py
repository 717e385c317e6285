# SPDX-License-Identifier: Apache-2.0
"""A request's hold on its token, while it runs."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import typing as ty

# What is sent of a claim, and of which type it has to be.
_SENT: ty.Final[dict[str, tuple[type, ...]]] = {
    "id": (int,),
    "owner": (str,),
    "link": (str, type(None)),
}


@dataclasses.dataclass
class Claim:
    """A request's hold on its token, while it runs.

    :param id: the row's key
    :param digest: the token's digest in that row
    :param owner: a random name; the row bears it as long as the claim holds
    :param claimed_at: database time of the claim, in milliseconds
    :param started: monotonic time of the claim, in seconds
    :param link: the kind of resource that the operation binds, if any
    :param shared: whether another request has ever held the row: if that one
        is merely slow, it may still look for it
    :param undo: how many withdrawals have to be undone before it runs
    :param lost: set when the fence stopped this request (section 5)
    :param deadlocked: set when the database chose one of this request's
        transactions as a victim, so that others could go on
    :param bindings: the keys of the bindings that it made, by the ids and
        the keys of their resources
    :param most: how many resources the request may make in all, if that is
        known: a service may run its own method again after a commit
    :param handed_on: whether the service asks another one to go on with what
        it has committed: if it fails then, nobody may have been asked
    """

    id: int
    digest: bytes
    owner: str
    claimed_at: int
    started: float
    link: str | None = None
    shared: bool = False
    undo: int = 0
    lost: bool = False
    deadlocked: bool = False
    bindings: dict[str, int] = dataclasses.field(default_factory=dict)
    most: int | None = None
    handed_on: bool = False

    def to_dict(self) -> dict[str, ty.Any]:
        """Return what another process needs to bind what it makes.

        It holds nothing secret, and fits into a JSON message. That process
        neither renews nor settles the token: the one that claimed it does.
        """
        return {"id": self.id, "owner": self.owner, "link": self.link}

    @classmethod
    def from_dict(cls, sent: ty.Mapping[str, ty.Any]) -> ty.Self:
        """Return the claim of another process's request.

        :param sent: what :meth:`to_dict` returned; that of a later release
            may hold more
        :raises ValueError: it is something else
        """
        wrong = [
            name
            for name, types in _SENT.items()
            if name not in sent or not isinstance(sent[name], types)
        ]
        if wrong:
            raise ValueError(
                "This is not a claim on a client token; missing or of the "
                f"wrong type: {', '.join(wrong)}. Pass what Claim.to_dict() "
                "returned."
            )
        return cls.of_another(sent["id"], sent["owner"], link=sent["link"])

    @classmethod
    def of_another(
        cls, key: int, owner: str, *, link: str | None = None, undo: int = 0
    ) -> ty.Self:
        """Return the claim of a request that another worker runs, or ran.

        It fences what is done for that request; it cannot be renewed, and no
        answer can be sealed under it.

        :param key: of its row
        :param owner: the name that the row bears as long as the claim holds
        :param link: the kind of resource that the operation binds, if any
        :param undo: how many withdrawals have to be undone
        """
        return cls(key, b"", owner, 0, 0.0, link, undo=undo)


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
