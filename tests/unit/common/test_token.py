# SPDX-License-Identifier: Apache-2.0
"""Protocol section 1."""

from __future__ import annotations

import testtools

from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency import token

X = "HTTP_X_CLIENT_TOKEN"
KEY = "HTTP_IDEMPOTENCY_KEY"
VISIBLE = range(0x21, 0x7F)


class _TestCase(testtools.TestCase):
    def assert_token(self, expected: str, **environ: str) -> None:
        self.assertEqual(expected, token.parse(environ))

    def assert_bad(self, **environ: str) -> None:
        error = self.assertRaises(errors.BadToken, token.parse, environ)
        self.assertEqual(400, error.status)


class BorneTest(_TestCase):
    def test_either_header_bears_a_token(self) -> None:
        self.assertTrue(token.borne({X: "t"}))
        self.assertTrue(token.borne({KEY: "t"}))

    def test_an_empty_header_bears_one_too(self) -> None:
        self.assertTrue(token.borne({X: ""}))

    def test_other_headers_do_not(self) -> None:
        self.assertFalse(token.borne({"HTTP_X_AUTH_TOKEN": "t"}))


class CharactersTest(_TestCase):
    def test_visible_ascii_is_a_token_in_both_headers(self) -> None:
        for byte in VISIBLE:
            for header in (X, KEY):
                with self.subTest(byte=byte, header=header):
                    text = f"a{chr(byte)}b"
                    self.assert_token(text, **{header: text})

    def test_other_bytes_are_refused_inside(self) -> None:
        for byte in set(range(0x100)) - set(VISIBLE):
            for header in (X, KEY):
                with self.subTest(byte=byte, header=header):
                    self.assert_bad(**{header: f"a{chr(byte)}b"})

    def test_other_bytes_are_refused_at_the_ends(self) -> None:
        # Blanks round a value are the line's, not the value's (RFC 9110).
        for byte in set(range(0x100)) - set(VISIBLE) - {0x20, 0x09}:
            with self.subTest(byte=byte):
                self.assert_bad(**{X: f"a{chr(byte)}"})
                self.assert_bad(**{X: f"{chr(byte)}a"})
                self.assert_bad(**{X: chr(byte)})

    def test_blanks_round_the_value_do_not_count(self) -> None:
        self.assert_token("t", **{X: " \tt\t "})

    def test_case_counts(self) -> None:
        self.assert_token("AbC", **{X: "AbC"})

    def test_other_digits_and_letters_are_refused(self) -> None:
        for text in ("\u0661", "\u00e9", "\u212a", "a\u2028b", "\udcff"):
            with self.subTest(text=ascii(text)):
                self.assert_bad(**{X: text})


class LengthTest(_TestCase):
    def test_1_to_255_characters_are_a_token(self) -> None:
        for length in (1, 2, 254, 255):
            for header in (X, KEY):
                with self.subTest(length=length, header=header):
                    self.assert_token("x" * length, **{header: "x" * length})

    def test_none_and_more_are_refused(self) -> None:
        for length in (0, 256, 65536):
            for header in (X, KEY):
                with self.subTest(length=length, header=header):
                    self.assert_bad(**{header: "x" * length})

    def test_blanks_alone_are_refused(self) -> None:
        self.assert_bad(**{X: "  \t"})


class QuotedTest(_TestCase):
    """RFC 8941 section 3.3.3, in Idempotency-Key only."""

    def test_a_quoted_string_is_what_it_says(self) -> None:
        self.assert_token("8e03978e", **{KEY: '"8e03978e"'})

    def test_a_quote_or_a_backslash_is_escaped(self) -> None:
        self.assert_token('a"b', **{KEY: r'"a\"b"'})
        self.assert_token("a\\b", **{KEY: r'"a\\b"'})
        self.assert_token('\\"', **{KEY: r'"\\\""'})

    def test_the_length_is_that_of_what_it_says(self) -> None:
        self.assert_token('"' * 255, **{KEY: '"' + r"\"" * 255 + '"'})
        self.assert_bad(**{KEY: '"' + r"\"" * 256 + '"'})
        self.assert_bad(**{KEY: '""'})

    def test_broken_strings_are_refused(self) -> None:
        broken = (
            '"', '"a', '"a"b', 'a" "b', r'"a\"', r'"a\b"', '"a\\', '"a" ,',
            '"a"b"', '"a";x=1', '"a b"', '"a\tb"', '"\u00e9"', '"a\\\x00"',
        )  # fmt: skip
        for text in broken:
            with self.subTest(text=text):
                self.assert_bad(**{KEY: text})

    def test_quotes_inside_a_bare_token_are_characters(self) -> None:
        self.assert_token('a"b"', **{KEY: 'a"b"'})

    def test_quotes_are_characters_of_x_client_token(self) -> None:
        self.assert_token('"a"', **{X: '"a"'})
        self.assert_token('"', **{X: '"'})


class RepeatedTest(_TestCase):
    """WSGI servers join a repeated header with a comma and a blank."""

    def test_the_same_value_twice_is_that_value(self) -> None:
        self.assert_token("t", **{X: "t, t"})
        self.assert_token("t", **{KEY: "t, t"})
        self.assert_token("t", **{KEY: 't, "t",\t"t"'})

    def test_different_values_are_refused(self) -> None:
        for text in ("t, u", "t, T", "t, ", ", t", "t, , t"):
            with self.subTest(text=text):
                self.assert_bad(**{X: text})
                self.assert_bad(**{KEY: text})

    def test_a_comma_inside_is_a_character(self) -> None:
        self.assert_token("t,u", **{X: "t,u"})
        self.assert_token("t,u", **{KEY: '"t,u"'})


class BothHeadersTest(_TestCase):
    def test_the_same_value_in_both_is_that_value(self) -> None:
        self.assert_token("t", **{X: "t", KEY: "t"})
        self.assert_token("t", **{X: "t", KEY: '"t"'})

    def test_different_values_are_refused(self) -> None:
        self.assert_bad(**{X: "t", KEY: "u"})
        self.assert_bad(**{X: '"t"', KEY: '"t"'})

    def test_one_bad_value_is_enough(self) -> None:
        self.assert_bad(**{X: "t", KEY: ""})
        self.assert_bad(**{X: "", KEY: "t"})
        self.assert_bad(**{X: "", KEY: ""})

    def test_the_error_does_not_tell_the_value(self) -> None:
        error = self.assertRaises(
            errors.BadToken, token.parse, {X: "hush hush"}
        )
        self.assertNotIn("hush", str(error))
