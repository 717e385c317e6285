# SPDX-License-Identifier: Apache-2.0
"""What X-Client-Token-State says, as a client reads it (protocol section 3).

Written from the contract, and not from the product: a client has no more.
"""

from __future__ import annotations

import typing as ty

#: The same request again; "too-many" a little later.
AGAIN: ty.Final = frozenset(
    {"running", "interrupted", "taken-over", "unavailable", "too-many"}
)
# The answer came to stay: the operation's own, or the first one's.
_DONE = frozenset({"executed", "replayed", "rebuilt"})
_STATUSES = {
    "running": 409,
    "taken-over": 409,
    "unavailable": 503,
    "too-many": 429,
    "different": 422,
    "expired": 412,
    "forbidden": 403,
    "unknown": 409,
    "answer-lost": 409,
    "invalid": 400,
}
_LATER = frozenset({"running", "taken-over", "unavailable", "too-many"})
# A refusal or an error is the service's own, with whatever it bears: Cinder
# says when to come back where a quota is used up.
_OWN = frozenset({"executed", "interrupted", "failed"})
_REPLAYS = frozenset({"replayed", "rebuilt"})
# Without a state; 500 is Nova's own word for a database or a broker that it
# lost.
_AGAIN_WITHOUT = frozenset({500, 503})


def final(status: int, state: str | None, *, later: bool) -> bool:
    """Tell whether a client is done with an answer.

    :param status: its status
    :param state: its state, None if it has none
    :param later: whether it says when to come back
    """
    if state is None:
        return not later and status not in _AGAIN_WITHOUT
    return state not in AGAIN


def fault(
    status: int, state: str, *, replayed: bool, later: bool
) -> str | None:
    """Return what the rest of an answer has that its state forbids.

    :param status: its status
    :param state: its state
    :param replayed: whether it says that it is a replay
    :param later: whether it says when to come back
    """
    known = _STATUSES.get(state)
    if known is None and state not in _DONE | {"interrupted", "failed"}:
        return "is no state"
    if known not in (None, status):
        return f"has status {status}"
    if state == "interrupted" and status < 500:
        return f"has status {status}"
    if state in _DONE and status >= 500:
        return f"has status {status}"
    if replayed != (state in _REPLAYS) and state != "failed":
        return "is called a replay" if replayed else "is not called a replay"
    own = status >= 400 and state in _OWN
    if later != (state in _LATER) and not own:
        return "has Retry-After" if later else "has no Retry-After"
    return None
