# SPDX-License-Identifier: Apache-2.0
"""Protocol section 1."""

from __future__ import annotations

import itertools

import ddt
import testtools

from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import token

X = "HTTP_X_CLIENT_TOKEN"
KEY = "HTTP_IDEMPOTENCY_KEY"
NAMES = {X: "X-Client-Token", KEY: "Idempotency-Key"}
VISIBLE = set(range(0x21, 0x7F)) - {ord(",")}
OTHERS = set(range(0x100)) - VISIBLE
EXAMPLE = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


class _TestCase(testtools.TestCase):
    def read(self, header: str, text: str) -> str | None:
        """Return the token of a header; None if it is refused by its name."""
        try:
            return token.given({header: text})
        except errors.BadToken as error:
            self.assertIn(NAMES[header], error.message)
            return None

    def assert_token(self, expected: str, **environ: str) -> None:
        self.assertEqual(expected, token.given(environ))

    def assert_bad(self, **environ: str) -> None:
        """Assert that the first header is refused by its name."""
        error = self.assertRaises(errors.BadToken, token.given, environ)
        self.assertEqual(400, error.status)
        self.assertIn(NAMES[next(iter(environ))], error.message)
        self.assertEqual(error.message, str(error))


class BorneTest(_TestCase):
    def test_either_header_bears_a_token(self) -> None:
        self.assertTrue(token.borne({X: "t"}))
        self.assertTrue(token.borne({KEY: "t"}))

    def test_an_empty_header_bears_one_too(self) -> None:
        self.assertTrue(token.borne({X: ""}))

    def test_other_headers_do_not(self) -> None:
        environ = {"HTTP_X_AUTH_TOKEN": "t"}
        self.assertFalse(token.borne(environ))
        self.assertIsNone(token.given(environ))


class ListedTest(_TestCase):
    """[idempotency] headers names those that count."""

    def test_one_that_is_not_listed_is_not_there(self) -> None:
        for only, other in ((X, KEY), (KEY, X)):
            for value in ("t", "", "a b"):
                listed = [NAMES[only]]
                self.assertFalse(token.borne({other: value}, listed))
                self.assertIsNone(token.given({other: value}, listed))
                both = {only: "u", other: value}
                self.assertTrue(token.borne(both, listed))
                self.assertEqual("u", token.given(both, listed))

    def test_case_and_order_of_the_list_do_not_count(self) -> None:
        listed = ["idempotency-key", "X-CLIENT-TOKEN"]
        self.assertEqual("t", token.given({KEY: "u", X: "t"}, listed))
        self.assertEqual("u", token.given({KEY: "u"}, listed))

    def test_an_unknown_name_means_nothing(self) -> None:
        self.assertIsNone(token.given({X: "t"}, ["X-Auth-Token"]))


@ddt.ddt
class CharactersTest(_TestCase):
    """Bytes that are read wrongly are told, each of them."""

    @ddt.data(X, KEY)
    def test_visible_ascii_is_a_token(self, header: str) -> None:
        texts = {f"a{chr(byte)}b" for byte in VISIBLE}
        lost = {text for text in texts if self.read(header, text) != text}
        self.assertEqual(set(), lost)

    @ddt.data(X, KEY)
    def test_other_bytes_are_refused_inside(self, header: str) -> None:
        texts = {f"a{chr(byte)}b" for byte in OTHERS}
        read = {text for text in texts if self.read(header, text) is not None}
        self.assertEqual(set(), read)

    @ddt.data("a{}", "{}a", "{}")
    def test_other_bytes_are_refused_at_the_ends(self, form: str) -> None:
        # Blanks round a value are the line's, not the value's (RFC 9110).
        texts = {form.format(chr(byte)) for byte in OTHERS - {0x20, 0x09}}
        read = {text for text in texts if self.read(X, text) is not None}
        self.assertEqual(set(), read)

    def test_blanks_round_the_value_do_not_count(self) -> None:
        self.assert_token("t", **{X: " \tt\t "})

    def test_case_counts(self) -> None:
        self.assert_token("AbC", **{X: "AbC"})

    @ddt.named_data(
        ("digit_one", "\u0661"),
        ("e_with_acute", "\u00e9"),
        ("kelvin", "\u212a"),
        ("line_separator", "a\u2028b"),
        ("surrogate", "\udcff"),
    )
    def test_other_digits_and_letters_are_refused(self, text: str) -> None:
        self.assert_bad(**{X: text})


@ddt.ddt
class LengthTest(_TestCase):
    @ddt.data(*itertools.product((1, 2, 254, 255), (X, KEY)))
    @ddt.unpack
    def test_1_to_255_characters_are_a_token(
        self, length: int, header: str
    ) -> None:
        self.assert_token("x" * length, **{header: "x" * length})

    @ddt.data(*itertools.product((0, 256, 65536), (X, KEY)))
    @ddt.unpack
    def test_none_and_more_are_refused(self, length: int, header: str) -> None:
        self.assert_bad(**{header: "x" * length})

    def test_blanks_alone_are_refused(self) -> None:
        self.assert_bad(**{X: "  \t"})


@ddt.ddt
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

    @ddt.data(
        '"', '"a', '"a"b', 'a" "b', r'"a\"', r'"a\b"', '"a\\', '"a" ,',
        '"a"b"', '"a b"', '"a\tb"', '"\u00d7"', '"a\\\x00"', ' "a', ' "a"b',
        '"a" b',
    )  # fmt: skip
    def test_broken_strings_are_refused(self, text: str) -> None:
        self.assert_bad(**{KEY: text})

    @ddt.data(
        ";a", ";a=1", "; a=1", ";a=-1.5", ";a=?0", ";*a=*b", ";a=b;c=d",
        ';a="x, y"', r';a="\""', ";a=:YQ==:", ";a.b-c_d=e/f:g", ";a;a",
    )  # fmt: skip
    def test_parameters_do_not_count(self, text: str) -> None:
        self.assert_token("t", **{KEY: f'"t"{text}'})
        self.assert_token("t", **{KEY: f'"t"{text}, "t"'})

    @ddt.data(
        ";", " ;a", ";A", ";a=", ";a =1", ";a= 1", ";a=1.", ";a=1.2345",
        ";a=1234567890123456", ';a="', ";a=(b)", ";a=?2", ";1", ";a=b c",
    )  # fmt: skip
    def test_broken_parameters_are_refused(self, text: str) -> None:
        self.assert_bad(**{KEY: f'"t"{text}'})

    def test_a_bare_token_has_no_parameters(self) -> None:
        self.assert_token("t;a=1", **{KEY: "t;a=1"})

    def test_quotes_inside_a_bare_token_are_characters(self) -> None:
        self.assert_token('a"b"', **{KEY: 'a"b"'})

    def test_quotes_are_characters_of_x_client_token(self) -> None:
        self.assert_token('"a"', **{X: '"a"'})
        self.assert_token('"', **{X: '"'})


@ddt.ddt
class RepeatedTest(_TestCase):
    """Servers join a repeated header with a comma, or with one and a blank."""

    @ddt.data(",", ", ", " ,", ",\t", " , ")
    def test_the_same_value_twice_is_that_value(self, joint: str) -> None:
        self.assert_token("t", **{X: joint.join("ttt")})
        self.assert_token("t", **{KEY: joint.join("ttt")})
        self.assert_token("t", **{KEY: joint.join(['"t"', "t"])})

    @ddt.data("t, u", "t,u", "t,T", "t, ", "t,", ",t", "t,,t", ",")
    def test_different_values_are_refused(self, text: str) -> None:
        self.assert_bad(**{X: text})
        self.assert_bad(**{KEY: text})

    def test_a_comma_is_no_character_of_a_token(self) -> None:
        self.assert_bad(**{KEY: '"t,u"'})
        self.assert_bad(**{KEY: '"t,t"'})

    def test_a_long_one_takes_no_longer_than_its_length(self) -> None:
        # Were a part tried in two ways, these would take hours.
        for text in ("t" + " " * 60_000 + "t", "t," * 30_000, " " * 60_000,
                     '"t"' + ";a=1" * 15_000 + ";", '"' + r"\"" * 30_000,
                     '"t"' + ";" + " " * 60_000, '"t"' + " " * 60_000 + "t"
                     ):  # fmt: skip
            self.assert_bad(**{KEY: text})


@ddt.ddt
class BothHeadersTest(_TestCase):
    """Some browsers and gateways add an Idempotency-Key of their own."""

    @ddt.data("t", "u", '"u"', "", "a b")
    def test_x_client_token_alone_counts(self, value: str) -> None:
        self.assert_token("t", **{X: "t", KEY: value})

    def test_a_bad_one_is_not_replaced(self) -> None:
        self.assert_bad(**{X: "", KEY: "t"})
        self.assert_bad(**{X: "t, u", KEY: "t"})

    def test_the_error_names_the_header_and_not_the_value(self) -> None:
        for header, name in NAMES.items():
            error = self.assertRaises(
                errors.BadToken, token.given, {header: "hush hush"}
            )
            self.assertIn(name, str(error))
            self.assertNotIn("hush", str(error))


@ddt.ddt
class BornTest(testtools.TestCase):
    """Section 6: a UUID of version 7 tells when it was made."""

    def test_it_is_the_time_in_milliseconds(self) -> None:
        # The example of RFC 9562, appendix A.6: 2022-02-22 19:22:22 UTC.
        example = "017F22E2-79B0-7CC3-98C4-DC0C0C07398F"
        self.assertEqual(1645557742000, token.born(example))
        self.assertEqual(1645557742000, token.born(example.lower()))

    def test_the_first_and_the_last(self) -> None:
        rest = "7000-8000-000000000000"
        self.assertEqual(0, token.born(f"00000000-0000-{rest}"))
        self.assertEqual(2**48 - 1, token.born(f"ffffffff-ffff-{rest}"))

    def test_only_version_7_in_its_variant_tells(self) -> None:
        for version in "0123456789abcdef":
            for variant in "0123456789abcdef":
                text = f"017f22e2-79b0-{version}cc3-{variant}8c4-dc0c0c07398f"
                told = token.born(text) is not None
                self.assertEqual(version == "7" and variant in "89ab", told)

    @ddt.data(
        "", "t", EXAMPLE.replace("-", ""), f"{{{EXAMPLE}}}",
        f"urn:uuid:{EXAMPLE}", EXAMPLE[:-1], f"{EXAMPLE}0",
        EXAMPLE.replace("f", "g"), f"{EXAMPLE}\n", EXAMPLE.replace("-", "_"),
        f"x{EXAMPLE}",
    )  # fmt: skip
    def test_other_forms_do_not_tell(self, text: str) -> None:
        self.assertIsNone(token.born(text))


@ddt.ddt
class AttemptTest(testtools.TestCase):
    def attempt(self, value: str) -> int | None:
        return token.attempt({"HTTP_X_CLIENT_TOKEN_ATTEMPT": value})

    def test_it_is_a_number_from_1_to_999999(self) -> None:
        for number in (1, 2, 10, 999_999):
            self.assertEqual(number, self.attempt(str(number)))
        self.assertEqual(3, self.attempt(" 3\t"))

    def test_without_one_it_is_none(self) -> None:
        self.assertIsNone(token.attempt({}))

    @ddt.named_data(
        ("arabic_one", "\u0661"),
        ("superscript_two", "\xb2"),
        ("60000_digits", "9" * 60_000),
        *((text, text) for text in (
            "", "0", "-1", "1000000", "1.5", "1,2", "one", "1 2", "1\n")),
    )  # fmt: skip
    def test_all_else_is_none(self, value: str) -> None:
        self.assertIsNone(self.attempt(value))
