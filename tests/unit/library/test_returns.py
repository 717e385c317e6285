# SPDX-License-Identifier: Apache-2.0
"""What was claimed in vain goes back: protocol sections 3 and 6."""

from __future__ import annotations

import typing as ty
import uuid

import ddt

from openstack_idempotency.engine import returns
from openstack_idempotency.engine.returns import Returns
from openstack_idempotency.fixture import contract
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.use import Use
from tests.unit.library import threads


class _Table:
    """A store that notes what it is given back."""

    def __init__(self) -> None:
        self.returned: list[Use] = []
        #: Raised for a use, by its owner, as long as it is there.
        self.fails: dict[str, Exception] = {}

    def give_back(self, use: Use) -> None:
        if use.owner in self.fails:
            raise self.fails[use.owner]
        self.returned.append(use)


@ddt.ddt
class ReturnsTest(threads.ThreadTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.table = _Table()
        self.returns = Returns(ty.cast(ty.Any, self.table), self.sleep)

    def _uses(self, count: int) -> list[Use]:
        uses = [contract.use_of(uuid.uuid4().hex) for _ in range(count)]
        for use in uses:
            self.returns.add(use)
        return uses

    def test_it_goes_back_as_soon_as_the_database_is_there(self) -> None:
        (use,) = self._uses(1)
        self.table.fails[use.owner] = errors.Unavailable()
        self.beat()
        self.beat()
        self.ticks.until_asleep()
        self.assertEqual([], self.table.returned)
        self.table.fails.clear()
        self.ticks.wake()
        self.ended()
        self.assertEqual([use], self.table.returned)

    def test_all_go_back(self) -> None:
        uses = self._uses(3)
        self.beat()
        self.ended()
        self.assertEqual(uses, self.table.returned)

    def test_once(self) -> None:
        self._uses(1)
        self.beat()
        self.ended()
        self.returns.give_back()
        self.assertEqual(1, len(self.table.returned))

    def test_a_thread_that_could_not_start_is_started_later(self) -> None:
        with self.no_more_threads():
            (use,) = self._uses(1)
        self.assertEqual(set(), self.threads())
        self.returns.resume()
        self.beat()
        self.ended()
        self.assertEqual([use], self.table.returned)

    def test_without_anything_to_return_no_thread_starts(self) -> None:
        self.returns.resume()
        self.assertEqual(set(), self.threads())

    def test_the_thread_starts_again_for_a_later_one(self) -> None:
        self._uses(1)
        self.beat()
        self.ended()
        self._uses(1)
        self.beat()
        self.ended()
        self.assertEqual(2, len(self.table.returned))

    @ddt.data(errors.Unavailable(), ValueError("hush"))
    def test_one_that_cannot_go_back_keeps_no_other_from_it(
        self, error: Exception
    ) -> None:
        stuck, *others = self._uses(3)
        self.table.fails[stuck.owner] = error
        self.beat()
        self.beat()
        self.ticks.until_asleep()
        self.assertEqual(others, self.table.returned)
        self.assertNotIn("hush", self.log.output)
        self.table.fails.clear()
        self.ticks.wake()
        self.ended()
        self.assertEqual([*others, stuck], self.table.returned)

    def test_it_asks_a_database_that_is_away_once_a_time(self) -> None:
        uses = self._uses(3)
        asked: list[str] = []

        def away(use: Use) -> None:
            asked.append(use.owner)
            raise errors.Unavailable

        self.table.give_back = away  # type: ignore[method-assign]
        self.addCleanup(delattr, self.table, "give_back")
        for _ in range(3):
            self.returns.give_back()
        self.assertEqual([use.owner for use in uses], asked)

    def test_it_remembers_no_more_than_a_process_has_room_for(self) -> None:
        self._uses(returns._MOST + 5)
        self.beat()
        self.ended()
        self.assertEqual(returns._MOST, len(self.table.returned))
