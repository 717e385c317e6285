# SPDX-License-Identifier: Apache-2.0
"""Looks a token up, and waits for its request if asked to: section 8."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.engine.parts import Parts
from openstack_idempotency.engine.waiting import LOOK_EVERY
from openstack_idempotency.engine.waiting import WaitingRoom
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.standing import Found
from openstack_idempotency.protocol.standing import Standing
from openstack_idempotency.protocol.standing import standing


class Finder(ty.Protocol):
    """The table of tokens, as a look-up needs it."""

    def found(self, digests: ty.Sequence[bytes]) -> list[Found]:
        """Return the living uses of a token.

        :raises errors.Unavailable: the table cannot be reached
        """


class Lookup:
    """Tells what came of a caller's requests with a token.

    It shares the places of retries that wait: each occupies a thread.

    :param parts: the engine's
    :param room: the engine's
    :param finder: the table of tokens
    """

    def __init__(
        self, parts: Parts, room: WaitingRoom, finder: Finder
    ) -> None:
        self._parts = parts
        self._room = room
        self._finder = finder

    def pause(self) -> int:
        """Return the seconds after which a caller is to look again.

        It grows with the number of callers who are told so, as for retries.
        """
        return self._room.pause()

    def uses(
        self,
        token: str,
        scope: Scope,
        roles: frozenset[str] | None,
        wait: float = 0.0,
    ) -> list[Found]:
        """Return a caller's uses of a token, for whatever target.

        :param token: the client token
        :param scope: the caller; the target does not count
        :param roles: what :func:`standing` is asked with
        :param wait: seconds to wait while a request with the token runs, if
            there is a place; no longer than a retry would wait
        :raises errors.Unavailable: the table cannot be reached
        """
        clock, limits = self._parts.clock, self._parts.limits
        digests = self._parts.digests.of_token(scope, token)
        deadline = clock.monotonic() + min(wait, limits.wait_timeout)
        with self._room.seat(wanted=wait > 0) as seat:
            while True:
                found = self._finder.found(digests)
                ended = all(
                    standing(use, roles) is not Standing.RUNNING
                    for use in found
                )
                if ended or clock.monotonic() >= deadline or not seat.take():
                    return found
                clock.sleep(LOOK_EVERY)
