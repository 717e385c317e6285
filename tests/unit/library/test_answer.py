# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import ddt
import testtools

from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.answer import Verdict


@ddt.ddt
class AnswerTest(testtools.TestCase):
    def assert_kept(self, answer: Answer) -> None:
        self.assertEqual(answer, Answer.load(answer.dump()))

    def test_every_byte_of_a_body_is_kept(self) -> None:
        self.assert_kept(Answer(202, (), bytes(range(256)) * 2))

    @ddt.data(b"", b"\n", b"\n\n", b"a\nb", b"\r\n", b"[200,[]]\n{}")
    def test_line_ends_are_part_of_the_body(self, body: bytes) -> None:
        self.assert_kept(Answer(200, (("A", "b"),), body))

    def test_repeated_headers_are_kept_in_their_order(self) -> None:
        headers = (("Link", "a"), ("X", "1"), ("Link", "b"), ("link", "a"))
        self.assert_kept(Answer(200, headers, b"{}"))

    def test_odd_header_values_are_kept(self) -> None:
        headers = (("A", ""), ("B", "\xe9\n"), ("C", '"\\ \u2028'))
        self.assert_kept(Answer(200, headers, b""))

    @ddt.data(True, False)
    def test_it_stays_known_whether_it_was_rebuilt(
        self, rebuilt: bool
    ) -> None:
        self.assert_kept(Answer(202, (), b"{}", rebuilt))

    def test_a_loaded_answer_has_pairs_of_text(self) -> None:
        answer = Answer.load(Answer(201, (("A", "b"),), b"c").dump())
        self.assertEqual((("A", "b"),), answer.headers)
        self.assertEqual((201, b"c"), (answer.status, answer.body))


class ReplyTest(testtools.TestCase):
    def test_it_is_replayed_if_another_request_ran(self) -> None:
        answer = Answer(202, (), b"")
        self.assertFalse(Reply(answer, Verdict.EXECUTED).replayed)
        self.assertTrue(
            Reply(answer, Verdict.FAILED, request_id="req-1").replayed
        )


class VerdictTest(testtools.TestCase):
    def test_they_are_the_protocol_s_words(self) -> None:
        self.assertEqual(
            {
                "executed",
                "replayed",
                "rebuilt",
                "interrupted",
                "running",
                "taken-over",
                "unavailable",
                "too-many",
                "different",
                "expired",
                "forbidden",
                "failed",
                "unknown",
                "answer-lost",
                "invalid",
            },
            {verdict.value for verdict in Verdict},
        )
