# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import testtools

from nova.openstack.common.idempotency.answer import Answer


class AnswerTest(testtools.TestCase):
    def assert_kept(self, answer: Answer) -> None:
        self.assertEqual(answer, Answer.load(answer.dump()))

    def test_every_byte_of_a_body_is_kept(self) -> None:
        self.assert_kept(Answer(202, (), bytes(range(256)) * 2))

    def test_line_ends_are_part_of_the_body(self) -> None:
        for body in (b"", b"\n", b"\n\n", b"a\nb", b"\r\n", b'[200,[]]\n{}'):
            with self.subTest(body=body):
                self.assert_kept(Answer(200, (("A", "b"),), body))

    def test_repeated_headers_are_kept_in_their_order(self) -> None:
        headers = (("Link", "a"), ("X", "1"), ("Link", "b"), ("link", "a"))
        self.assert_kept(Answer(200, headers, b"{}"))

    def test_odd_header_values_are_kept(self) -> None:
        headers = (("A", ""), ("B", "\xe9\n"), ("C", '"\\ \u2028'))
        self.assert_kept(Answer(200, headers, b""))

    def test_a_loaded_answer_has_pairs_of_text(self) -> None:
        answer = Answer.load(Answer(201, (("A", "b"),), b"c").dump())
        self.assertEqual((("A", "b"),), answer.headers)
        self.assertEqual((201, b"c"), (answer.status, answer.body))
