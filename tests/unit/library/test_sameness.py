# SPDX-License-Identifier: Apache-2.0
"""Protocol section 2."""

from __future__ import annotations

import functools
import json
import time
import tracemalloc
import typing as ty

import ddt
import testtools

from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import sameness
from tests.unit.library.bodies import canonical
from tests.unit.library.bodies import value


def _most(call: ty.Callable[[], object]) -> int:
    """Return how many bytes a call takes at most."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class _CanonicalTestCase(testtools.TestCase):
    def assert_same(self, *texts: str) -> None:
        self.assertEqual(1, len(set(map(canonical, texts))), str(texts))

    def assert_different(self, *texts: str) -> None:
        found = set(map(canonical, texts))
        self.assertEqual(len(texts), len(found), str(texts))


class CanonicalTest(_CanonicalTestCase):
    def test_query_and_microversion_count(self) -> None:
        first = canonical("{}", "", "2.1")
        self.assertNotEqual(first, canonical("{}", "a=1", "2.1"))
        self.assertNotEqual(first, canonical("{}", "", "2.90"))
        self.assertNotEqual(
            canonical("{}", "a=1&b=2"), canonical("{}", "b=2&a=1")
        )

    def test_query_microversion_and_body_do_not_run_together(self) -> None:
        self.assertNotEqual(
            canonical("", 'a","2.90', "2.90"),
            canonical("", "a", '2.90","2.90'),
        )

    def test_key_order_and_white_space_do_not_count(self) -> None:
        self.assert_same(
            '{"a":{"x":1,"y":2},"b":[1]}',
            ' { "b" : [ 1 ] ,\n\t"a": { "y": 2, "x": 1 } } ',
        )

    def test_order_of_a_list_counts(self) -> None:
        self.assert_different("[1,2]", "[2,1]")

    def test_of_equal_keys_the_last_one_counts(self) -> None:
        self.assert_same('{"a":1,"a":2}', '{"a":2}', '{"a":3,"\\u0061":2}')
        self.assert_different('{"a":1,"a":2}', '{"a":2,"a":1}')

    def test_character_escapes_do_not_count(self) -> None:
        self.assert_same('"A\u00e9/\U0001f600"', r'"A\u00e9\/\ud83d\ude00"')
        self.assert_same('{"a":1}', r'{"\u0061":1}')

    def test_characters_that_look_alike_count(self) -> None:
        self.assert_different('"\u00e9"', '"e\u0301"')
        self.assert_different('"a"', '"A"')
        self.assert_different('""', '"\u200b"')

    def test_lone_surrogates_can_be_compared(self) -> None:
        self.assert_same(r'"\ud800"', r'"\uD800"')
        self.assert_different(r'"\ud800"', r'"\ud801"')
        self.assert_different(r'"\ud800"', '"?"')

    def test_kinds_of_values_are_apart(self) -> None:
        self.assert_different(
            "1", "true", '"1"', "0", "false", "null", '""', "[]", "{}",
            '"null"', "[1]", '{"1":1}', "[[]]", '"true"', '"number 1e0"',
            '"1e0"', '"string 1"', '"string "', '["JSON"]', '"NaN"', "NaN",
        )  # fmt: skip

    def test_what_is_no_json_number_is_compared_all_the_same(self) -> None:
        self.assert_different("NaN", "Infinity", "-Infinity", '"NaN"', "null")
        self.assert_same("[NaN]", "[ NaN ]")

    def test_a_large_body_can_be_compared(self) -> None:
        body = {f"key{n}": [n, str(n), {"n": float(n)}] for n in range(20000)}
        again = dict(reversed(body.items()))
        self.assertEqual(value(body), value(again))

    def test_its_form_stays(self) -> None:
        # What a former release has stored is compared with it.
        body = r'{"b":[1.50,"1",null,true],"\u00e9":{"a":NaN,"":[]}}'
        self.assertEqual(
            b'["a=1","2.90","JSON",{"b":["number 15e-1","string 1",null,true]'
            rb',"\u00e9":{"":[],"a":"number NaN"}}]',
            canonical(body, "a=1", "2.90"),
        )

    def test_a_long_text_is_the_same_in_pieces(self) -> None:
        text = '\U0001f600"\\n' * 100_000
        whole = json.dumps(["", "", "JSON", f"string {text}"])
        found = canonical(json.dumps(text, ensure_ascii=False))
        self.assertEqual(json.loads(whole)[3], json.loads(found)[3])

    def test_a_large_body_is_held_parsed_once(self) -> None:
        for body in (
            [{"name": f"name {n}", "n": n} for n in range(20_000)],
            "text " * 400_000,
            [n % 1000 for n in range(200_000)],
            [n / 1000 for n in range(100_000)],
        ):
            sent = json.dumps(body).encode()
            least = _most(functools.partial(json.loads, sent))
            most = _most(
                functools.partial(
                    sameness.write, "", "", sent, None, lambda piece: None
                )
            )
            # What is written is never held whole, nor copied.
            self.assertLess(most, 1.02 * least + 400_000)

    def test_it_is_written_in_pieces(self) -> None:
        sent = json.dumps(["text " * 100_000, "ab"]).encode()
        for content_type in ("application/json", "text/x"):
            pieces: list[bytes] = []
            sameness.write("", "", sent, content_type, pieces.append)
            self.assertLess(max(map(len, pieces)), 150_000)

    def test_a_body_nested_a_hundred_deep_can_be_compared(self) -> None:
        self.assert_different("[" * 100 + "]" * 100, "[" * 99 + "]" * 99)

    def test_a_body_nested_too_deep_is_refused(self) -> None:
        for begin, end in (("[", "]"), ('{"a":', "}")):
            body = begin * 100_000 + "1" + end * 100_000
            error = self.assertRaises(errors.BodyTooDeep, canonical, body)
            self.assertEqual(400, error.status)


@ddt.ddt
class NumberTest(_CanonicalTestCase):
    """Numbers are compared by their exact values."""

    def test_notations_do_not_count(self) -> None:
        self.assert_same("1", "1.0", "1e0", "1E+0", "10e-1", "0.1e1")
        self.assert_same("100", "1E2", "100.0", "0.001e5", "1000e-1")
        self.assert_same("0.5", "5e-1", "0.50", "0.05E1")
        self.assert_same("-12.5", "-125e-1", "-0.125e2")

    def test_zeros_are_one(self) -> None:
        self.assert_same("0", "-0", "-0.0", "0e0", "0e5", "-0e-5", "0.000",
                         "0e" + "9" * 1000)  # fmt: skip

    def test_values_count(self) -> None:
        self.assert_different("1", "-1", "1.5", "10", "0.1", "0", "11", "1.01",
                              "1e1000", "1e-1000", "-1e1000")  # fmt: skip

    def test_they_do_not_pass_through_binary_fractions(self) -> None:
        self.assert_same("1e23", "1" + "0" * 23)
        self.assert_different("1e23", str(int(1e23)))
        self.assert_different("0.1", "0.1000000000000000055511151231257827")
        self.assert_different("1e400", "1e401", "Infinity")
        self.assert_different("1e-400", "1e-401", "0")
        self.assert_different(str(2**53), str(2**53 + 1), f"{2**53}.5")

    def test_ints_of_any_length(self) -> None:
        # Python itself refuses more than 4300 digits.
        self.assert_different("9" * 100_000, "9" * 99_999 + "8")
        self.assert_same("1" + "0" * 100_000, "1e100000", "10e99999")
        self.assert_same("-" + "12" * 50_000, "-" + "12" * 50_000 + ".0")

    def test_exponents_of_any_length(self) -> None:
        nines = "9" * 50_000
        self.assert_same(f"10e{nines}", "1e1" + "0" * 50_000)
        self.assert_same(f"1e-{nines}", f"0.1e-{nines[:-1]}8", f"1e-00{nines}")
        self.assert_different(f"1e{nines}", f"1e-{nines}", f"1e{nines[1:]}")
        self.assert_different(f"1e{nines}", f"1e{nines[:-1]}8")
        self.assert_same(f"2e{'0' * 50_000}", "2", f"2e-{'0' * 50_000}")

    @ddt.named_data(
        ("huge", "1e999999999999"),
        ("tiny", "-1e-999999999999"),
        ("long_exponent", "1e" + "9" * 100_000),
        ("long_int", "9" * 100_000),
        ("many", f"[{','.join(['1e99999999'] * 10_000)}]"),
    )
    def test_a_huge_exponent_costs_no_more_than_its_characters(
        self, body: str
    ) -> None:
        began = time.process_time()
        self.assertLess(len(canonical(body)), 3 * len(body) + 100)
        self.assertLess(time.process_time() - began, 1)


@ddt.ddt
class OtherBodyTest(testtools.TestCase):
    """Bodies that are none, or no JSON."""

    def test_no_body_is_one_whatever_its_content_type_is(self) -> None:
        types = (None, "", "application/json", "text/plain", "x")
        found = {canonical("", content_type=name) for name in types}
        self.assertEqual(1, len(found))
        for other in ("{}", "null", '""', " ", "empty", '"empty"'):
            self.assertNotIn(canonical(other), found)

    @ddt.data(
        None,
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;",
        "application/vnd.openstack.compute+json",
    )
    def test_json_needs_no_content_type(self, name: str | None) -> None:
        self.assertEqual(
            canonical('{"a":1,"b":2}'),
            canonical('{"b":2.0, "a":1}', content_type=name),
        )

    def test_what_only_says_that_it_is_json_is_bytes(self) -> None:
        found = {
            canonical(body, content_type=name)
            for body in (b"{", b"{ ", b"\xff", b'"\xff"', b"\xef\xbb\xbf1",
                         b"1 2", b"1", "1".encode("utf-16"))
            for name in (None, "application/json")
        }  # fmt: skip
        self.assertEqual(7 * 2 + 1, len(found))

    def test_other_bodies_are_their_bytes(self) -> None:
        every = bytes(range(256))
        found = {
            canonical(body, content_type="application/octet-stream")
            for body in (every, every[::-1], b"1", b"1.0", b"{}", b"{ }")
        }
        self.assertEqual(6, len(found))

    def test_and_their_content_types(self) -> None:
        found = {
            canonical(b"a=1", content_type=name)
            for name in (None, "text/plain", "text/html", "text",
                         "text/plain; charset=utf-8", "text/plain; a=b",
                         "text/plain; a=B", "text/plain; a", "text/plain; =",
                         'text/plain; a="b', "text/plain;charset=latin-1")
        }  # fmt: skip
        self.assertEqual(11, len(found))

    def test_a_content_type_can_be_written_in_several_ways(self) -> None:
        for names in (
            ("text/plain; charset=utf-8", "TEXT/Plain;Charset=UTF-8",
             'text/plain ; charset="utf-8"', "text/plain; charset=utf-8 ;"),
            ('a/b; c="d e"; f=g', 'a/b;f=g;c="d\\ e"', 'A/B; F="g"; C="d e"'),
            ('a/b; c="x;y\\"z"; d=1', 'a/b;d=1;c="x;y\\"z"'),
        ):  # fmt: skip
            found = {canonical(b"x", content_type=name) for name in names}
            self.assertEqual(1, len(found), str(names))

    def test_a_long_content_type_costs_no_more_than_its_length(self) -> None:
        for name in ("a/b;" + " " * 60_000 + "x", 'a/b;c="' + "\\x" * 30_000,
                     "a/b" + ";c=d" * 15_000 + ";c", "a/b;" + "c" * 60_000
                     ):  # fmt: skip
            began = time.process_time()
            canonical(b"x", content_type=name)
            self.assertLess(time.process_time() - began, 1)

    def test_a_value_and_its_bytes_are_apart(self) -> None:
        self.assertNotEqual(
            canonical("1"), canonical("1", content_type="text/plain")
        )
