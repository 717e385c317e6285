# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import threading

import testtools

from openstack_idempotency.engine import claim as claims


def _claim(owner: str) -> claims.Claim:
    return claims.Claim(1, b"d", owner, claimed_at=0, started=0.0)


class CurrentTest(testtools.TestCase):
    def test_outside_there_is_none(self) -> None:
        self.assertIsNone(claims.current())

    def test_inside_it_is_the_running_one(self) -> None:
        claim = _claim("a")
        with claims.running(claim):
            self.assertIs(claim, claims.current())
        self.assertIsNone(claims.current())

    def test_an_inner_one_ends_with_its_block(self) -> None:
        outer, inner = _claim("outer"), _claim("inner")
        with claims.running(outer):
            with claims.running(inner):
                self.assertIs(inner, claims.current())
            self.assertIs(outer, claims.current())

    def test_it_ends_with_an_error_too(self) -> None:
        def fail() -> None:
            with claims.running(_claim("a")):
                raise KeyboardInterrupt

        self.assertRaises(KeyboardInterrupt, fail)
        self.assertIsNone(claims.current())

    def test_other_threads_do_not_see_it(self) -> None:
        seen: list[claims.Claim | None] = []
        with claims.running(_claim("a")):
            other = threading.Thread(
                target=lambda: seen.append(claims.current())
            )
            other.start()
            other.join()
        self.assertEqual([None], seen)
