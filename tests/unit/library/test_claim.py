# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import threading
import typing as ty

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


class SentTest(testtools.TestCase):
    """A claim on its way to the process that makes the resource."""

    def test_what_arrives_binds_for_the_same_request(self) -> None:
        sent = claims.Claim(7, b"secret", "o", 5, 6.0, "thing", undo=2)
        text = json.dumps(sent.to_dict())
        self.assertNotIn("secret", text)
        arrived = claims.Claim.from_dict(json.loads(text))
        self.assertEqual(
            (7, "o", "thing"), (arrived.id, arrived.owner, arrived.link)
        )

    def test_another_s_has_nothing_to_answer_with(self) -> None:
        theirs = claims.Claim.of_another(7, "o", link="thing", undo=2)
        self.assertEqual(
            (7, "o", "thing", 2),
            (theirs.id, theirs.owner, theirs.link, theirs.undo),
        )
        self.assertEqual((b"", 0), (theirs.digest, theirs.claimed_at))

    def test_what_a_later_release_adds_is_ignored(self) -> None:
        sent = _claim("a").to_dict() | {"colour": "blue"}
        self.assertEqual("a", claims.Claim.from_dict(sent).owner)

    def test_what_is_missing_is_named(self) -> None:
        for name in ("id", "owner", "link"):
            sent = _claim("a").to_dict()
            del sent[name]
            self.assertIn(name, self._refused(sent))

    def test_what_is_of_another_type_is_named(self) -> None:
        sent = _claim("a").to_dict() | {"id": "1"}
        self.assertIn("type: id.", self._refused(sent))

    def _refused(self, sent: dict[str, ty.Any]) -> str:
        error = self.assertRaises(ValueError, claims.Claim.from_dict, sent)
        self.assertIn("Claim.to_dict()", str(error))
        return str(error)
