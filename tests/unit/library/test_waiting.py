# SPDX-License-Identifier: Apache-2.0
"""Who may wait for another request: protocol section 3."""

from __future__ import annotations

import threading

import ddt
import testtools

from openstack_idempotency.engine.waiting import WaitingRoom

_SOON = 120


@ddt.ddt
class WaitingRoomTest(testtools.TestCase):
    @ddt.data(0, 1, 3)
    def test_as_many_get_in_as_there_are_places(self, places: int) -> None:
        room = WaitingRoom(places)
        entered = [room.enter() for _ in range(places + 2)]
        self.assertEqual([True] * places + [False] * 2, entered)

    def test_who_leaves_makes_room(self) -> None:
        room = WaitingRoom(1)
        room.enter()
        room.leave()
        self.assertEqual([True, False], [room.enter(), room.enter()])

    def test_many_threads_at_once_get_no_more_places(self) -> None:
        room = WaitingRoom(3)
        barrier = threading.Barrier(16)
        entered: list[bool] = []

        def enter() -> None:
            barrier.wait(_SOON)
            entered.append(room.enter())

        others = [threading.Thread(target=enter) for _ in range(16)]
        for other in others:
            other.start()
        for other in others:
            other.join(_SOON)
        self.assertEqual((3, 16), (sum(entered), len(entered)))


class PauseTest(testtools.TestCase):
    """After how many seconds those come back that may not wait."""

    def setUp(self) -> None:
        super().setUp()
        self.now = 0.0
        self.room = WaitingRoom(0, lambda: self.now)

    def test_a_few_come_back_soon(self) -> None:
        self.assertEqual([1] * 5, [self.room.pause() for _ in range(5)])

    def test_of_a_crowd_about_five_come_back_a_second(self) -> None:
        pauses = [self.room.pause() for _ in range(40)]
        self.assertEqual([n // 5 + 1 for n in range(40)], pauses)

    def test_nobody_is_sent_away_for_long(self) -> None:
        pauses = [self.room.pause() for _ in range(1000)]
        self.assertEqual(30, pauses[-1])

    def test_those_of_a_second_ago_do_not_count(self) -> None:
        for _ in range(40):
            self.room.pause()
        self.now = 1.0
        self.assertEqual(1, self.room.pause())


class SeatTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.room = WaitingRoom(1)

    def _is_free(self) -> bool:
        free = self.room.enter()
        if free:
            self.room.leave()
        return free

    def test_it_is_taken_only_when_it_is_asked_for(self) -> None:
        with self.room.seat(wanted=True):
            self.assertTrue(self._is_free())

    def test_it_is_kept_until_its_holder_leaves(self) -> None:
        with self.room.seat(wanted=True) as seat:
            self.assertEqual([True] * 3, [seat.take() for _ in range(3)])
            self.assertFalse(self._is_free())
            seat.leave()
            self.assertTrue(self._is_free())

    def test_it_can_be_taken_again(self) -> None:
        with self.room.seat(wanted=True) as seat:
            seat.take()
            seat.leave()
            self.assertTrue(seat.take())
            self.assertFalse(self._is_free())
        self.assertTrue(self._is_free())

    def test_one_who_may_not_wait_gets_none(self) -> None:
        with self.room.seat(wanted=False) as seat:
            self.assertFalse(seat.take())
            self.assertTrue(self._is_free())

    def test_without_a_place_there_is_none(self) -> None:
        with (
            self.room.seat(wanted=True) as first,
            self.room.seat(wanted=True) as second,
        ):
            self.assertTrue(first.take())
            self.assertFalse(second.take())
            first.leave()
            self.assertTrue(second.take())

    def test_one_that_was_not_taken_is_not_given_back(self) -> None:
        with self.room.seat(wanted=True) as seat:
            seat.leave()
        self.assertEqual([True, False], [self.room.enter(), self.room.enter()])

    def test_an_error_gives_it_back(self) -> None:
        def fail() -> None:
            with self.room.seat(wanted=True) as seat:
                seat.take()
                raise KeyboardInterrupt

        self.assertRaises(KeyboardInterrupt, fail)
        self.assertTrue(self._is_free())
