# SPDX-License-Identifier: Apache-2.0
"""What a process has one of, whoever asks first."""

from __future__ import annotations

import threading

import testtools

from openstack_idempotency.once import Once


class OnceTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.made: list[object] = []
        self.once = Once(self.make)

    def make(self) -> object:
        self.made.append(object())
        return self.made[-1]

    def test_nothing_is_made_before_it_is_asked_for(self) -> None:
        self.assertEqual([], self.made)

    def test_all_get_the_same(self) -> None:
        self.assertIs(self.once(), self.once())
        self.assertEqual(1, len(self.made))

    def test_threads_that_ask_together_get_the_same(self) -> None:
        begun, go = threading.Event(), threading.Event()

        def slowly() -> object:
            begun.set()
            go.wait(120)
            return self.make()

        once, given = Once(slowly), list[object]()
        threads = [
            threading.Thread(target=lambda: given.append(once()))
            for _ in range(2)
        ]
        threads[0].start()
        self.assertTrue(begun.wait(120))
        threads[1].start()
        go.set()
        for thread in threads:
            thread.join()
        self.assertEqual(self.made * 2, given)

    def test_a_failure_is_not_kept(self) -> None:
        answers = iter(("no number", "1"))
        once = Once(lambda: int(next(answers)))
        self.assertRaises(ValueError, once)
        self.assertEqual(1, once())

    def test_what_is_forgotten_is_made_again(self) -> None:
        first = self.once()
        self.once.forget()
        self.assertIsNot(first, self.once())
