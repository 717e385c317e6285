# SPDX-License-Identifier: Apache-2.0
"""Stored answers: protocol section 4."""

from __future__ import annotations

import ddt
import testtools

from openstack_idempotency.seal import AnswerSealer

ONE, TWO, THREE = (bytes([byte]) * 32 for byte in b"123")
TOKEN = "client token"
CONTEXT = b"row 1, POST /servers, succeeded"
DATA = b'{"adminPass": "hush"}'


@ddt.ddt
class SealTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.sealer = AnswerSealer([ONE])
        self.sealed = self.sealer.seal(TOKEN, CONTEXT, DATA)

    def opens(self, sealed: bytes) -> bool:
        return self.sealer.open(TOKEN, CONTEXT, sealed) is not None

    def assert_shut(self, sealed: bytes) -> None:
        self.assertFalse(self.opens(sealed))

    def test_what_is_sealed_can_be_opened(self) -> None:
        for data in (b"", DATA, bytes(range(256)), b"x" * 100_000):
            sealed = self.sealer.seal(TOKEN, CONTEXT, data)
            self.assertEqual(data, self.sealer.open(TOKEN, CONTEXT, sealed))

    def test_another_token_does_not_open_it(self) -> None:
        for token in ("", "Client token", "client token ", "t"):
            self.assertIsNone(self.sealer.open(token, CONTEXT, self.sealed))

    @ddt.named_data(
        ("none", b""),
        ("another_row", b"row 2, POST /servers, succeeded"),
        ("another_target", b"row 1, POST /os-keypairs, succeeded"),
        ("another_state", b"row 1, POST /servers, failed"),
        ("longer", CONTEXT + b"\0"),
        ("shorter", CONTEXT[:-1]),
    )
    def test_it_opens_in_no_other_context(self, context: bytes) -> None:
        opened = self.sealer.open(TOKEN, context, self.sealed)
        self.assertIsNone(opened)

    def test_its_context_may_have_any_length(self) -> None:
        for context in (b"", b"\0", bytes(range(256)) * 100):
            sealed = self.sealer.seal(TOKEN, context, DATA)
            self.assertEqual(DATA, self.sealer.open(TOKEN, context, sealed))

    def test_its_context_has_a_name(self) -> None:
        sealed = self.sealer.seal(TOKEN, context=CONTEXT, data=DATA)
        opened = self.sealer.open(TOKEN, context=CONTEXT, sealed=sealed)
        self.assertEqual(DATA, opened)

    def test_another_secret_does_not_open_it(self) -> None:
        for secret in (TWO, b"", ONE + b"1", ONE[:-1]):
            other = AnswerSealer([secret])
            self.assertIsNone(other.open(TOKEN, CONTEXT, self.sealed))

    def test_token_and_secret_do_not_run_together(self) -> None:
        sealed = AnswerSealer([b"bc"]).seal("a", CONTEXT, DATA)
        self.assertIsNone(AnswerSealer([b"c"]).open("ab", CONTEXT, sealed))

    @ddt.data(0x01, 0x80)
    def test_no_byte_of_it_can_be_changed(self, bit: int) -> None:
        def changed(position: int) -> bytes:
            data = bytearray(self.sealed)
            data[position] ^= bit
            return bytes(data)

        positions = range(len(self.sealed))
        opened = [place for place in positions if self.opens(changed(place))]
        self.assertEqual([], opened)

    def test_it_cannot_be_cut(self) -> None:
        lengths = range(len(self.sealed))
        opened = [end for end in lengths if self.opens(self.sealed[:end])]
        self.assertEqual([], opened)

    def test_it_cannot_grow(self) -> None:
        self.assert_shut(self.sealed + b"\0")

    def test_an_unknown_format_is_not_tried(self) -> None:
        for first in set(range(256)) - {1}:
            self.assert_shut(bytes([first]) + self.sealed[1:])

    def test_two_seals_of_the_same_have_nothing_in_common(self) -> None:
        other = self.sealer.seal(TOKEN, CONTEXT, DATA)
        # Salt, nonce and text; the format's byte before them is the same.
        for begin, end in ((1, 17), (17, 29), (29, None)):
            self.assertNotEqual(self.sealed[begin:end], other[begin:end])

    def test_nothing_of_it_can_be_read(self) -> None:
        for word in (DATA, b"hush", b"adminPass", TOKEN.encode(), ONE):
            self.assertNotIn(word, self.sealed)


class RotationTest(testtools.TestCase):
    def test_the_first_secret_seals(self) -> None:
        sealed = AnswerSealer([ONE, TWO]).seal(TOKEN, CONTEXT, DATA)
        opened = AnswerSealer([ONE]).open(TOKEN, CONTEXT, sealed)
        self.assertEqual(DATA, opened)
        self.assertIsNone(AnswerSealer([TWO]).open(TOKEN, CONTEXT, sealed))

    def test_each_secret_opens(self) -> None:
        both = AnswerSealer([THREE, TWO, ONE])
        for secret in (ONE, TWO, THREE):
            sealed = AnswerSealer([secret]).seal(TOKEN, CONTEXT, DATA)
            self.assertEqual(DATA, both.open(TOKEN, CONTEXT, sealed))
