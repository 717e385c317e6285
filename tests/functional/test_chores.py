# SPDX-License-Identifier: Apache-2.0
"""What each API process does at intervals gets to all that there is."""

from __future__ import annotations

import os
import typing as ty

import testtools

from nova.idempotency import chores
from nova.idempotency import service
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.sql.withdrawing import Left
from testing.nova import base

_KEYS = (1, 2, 3, 4, 5)
_STRETCH = 2


class _Tokens:
    """Withdrawals, of which none can be undone or swept."""

    key_ids = ("mine",)
    runner = None

    def __init__(self) -> None:
        self.tried: list[int] = []
        self.swept: list[int] = []

    def strangers(self) -> list[ty.Any]:
        return []

    def foreign(self) -> dict[str, int]:
        return {}

    def left(self, after: int = 0) -> tuple[list[Left], int | None]:
        keys, following = _stretch(after)
        return [Left(key, "owner") for key in keys], following

    def todos(self, token_id: int) -> dict[int, str]:
        self.tried.append(token_id)
        raise errors.Unavailable

    def withdrawn(
        self, after: int = 0
    ) -> tuple[dict[int, Resource], int | None]:
        keys, following = _stretch(after)
        self.swept += keys
        return {}, following


def _stretch(after: int) -> tuple[list[int], int | None]:
    keys = [key for key in _KEYS if key > after][:_STRETCH]
    return keys, keys[-1] if len(keys) == _STRETCH else None


class ChoresTest(testtools.TestCase):
    """What fails each time keeps nothing else from its turn."""

    def test_each_withdrawal_has_its_turn_and_another_one(self) -> None:
        tokens = _Tokens()
        mine = chores.Chores(ty.cast(ty.Any, tokens), ty.cast(ty.Any, None))
        for _ in range(4):
            mine.do()
        self.assertEqual([*_KEYS, 1, 2], tokens.tried)
        self.assertEqual([*_KEYS, 1, 2], tokens.swept)


class FirstRequest(base.TestCase):
    """What earlier requests have left ends, even if no token comes again."""

    def test_one_without_a_token_begins_the_chores(self):
        mine: ty.Any = service.from_configuration()._chores
        threads = mine._thread, mine._purger._thread
        self.assertEqual([None] * 2, [one._pid for one in threads])
        self.api.api_request("/flavors")
        self.assertEqual([os.getpid()] * 2, [one._pid for one in threads])
