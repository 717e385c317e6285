# SPDX-License-Identifier: Apache-2.0
"""How many young tokens a user may have: protocol section 6."""

from __future__ import annotations

import collections
import dataclasses
import threading
import typing as ty

from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.scope import Scope

# Counting reads one index entry per token. So a user's tokens are counted only
# once in so many claims (a share of the limit), and the limit may be exceeded
# by as many.
_SHARE = 100
# How many users are remembered; the claims of others count from zero again.
_USERS = 10_000
# Seconds for which a user over the limit is refused without counting again.
_PAUSE = 10.0

_User = tuple[str | None, str | None]


@dataclasses.dataclass
class _Account:
    uncounted: int = 0
    refused_until: float = 0.0


class Allowance:
    """Refuses new tokens of a user who has too many young ones.

    :param most: how many a user may have in a project; 0 for no limit
    :param count: counts them
    :param monotonic: elapsed time, in seconds
    """

    def __init__(
        self,
        most: int,
        count: ty.Callable[[Scope], int],
        monotonic: ty.Callable[[], float],
    ) -> None:
        self._most = most
        self._every = max(1, most // _SHARE)
        self._count = count
        self._monotonic = monotonic
        self._accounts: collections.OrderedDict[_User, _Account] = (
            collections.OrderedDict()
        )
        self._lock = threading.Lock()

    def check(self, scope: Scope) -> None:
        """Allow one more new token; now and then, ask the database.

        :param scope: whose token it is
        :raises errors.TooMany: the user has too many
        """
        if not self._most:
            return
        with self._lock:
            account = self._account((scope.project_id, scope.user_id))
            if self._monotonic() < account.refused_until:
                raise errors.TooMany
            account.uncounted += 1
            if account.uncounted < self._every:
                return
        if self._count(scope) >= self._most:
            account.refused_until = self._monotonic() + _PAUSE
            raise errors.TooMany  # the next one is counted, too
        account.uncounted = 0

    def _account(self, user: _User) -> _Account:
        account = self._accounts.setdefault(user, _Account())
        self._accounts.move_to_end(user)
        if len(self._accounts) > _USERS:
            self._accounts.popitem(last=False)
        return account
