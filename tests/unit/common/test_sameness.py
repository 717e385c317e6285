# SPDX-License-Identifier: Apache-2.0
"""Protocol section 2."""

from __future__ import annotations

import json
import random
import typing as ty

import hypothesis
from hypothesis import strategies as st
import testtools

from nova.openstack.common.idempotency import errors
from nova.openstack.common.idempotency import sameness

Json = ty.Any


def canonical(body: Json, query: str = "", version: str = "2.90") -> bytes:
    return sameness.canonical(query, version, body)


def sent(text: str) -> bytes:
    return canonical(json.loads(text))


class TargetTest(testtools.TestCase):
    def assert_target(
        self, expected: str, path: str, project: str | None = None
    ) -> None:
        self.assertEqual(expected, sameness.target("POST", path, project))

    def test_it_is_the_method_and_the_path(self) -> None:
        self.assert_target("POST /servers", "/servers")

    def test_other_methods_are_other_targets(self) -> None:
        self.assertNotEqual(
            sameness.target("POST", "/servers", None),
            sameness.target("PUT", "/servers", None),
        )

    def test_the_project_of_the_path_does_not_count(self) -> None:
        self.assert_target("POST /servers", "/abc/servers", "abc")
        self.assert_target("POST /servers/1/action", "/abc/servers/1/action",
                          "abc")  # fmt: skip

    def test_only_the_first_segment_is_the_project(self) -> None:
        self.assert_target("POST /servers/abc/action", "/servers/abc/action",
                          "abc")  # fmt: skip
        self.assert_target("POST /abc/x", "/abc/abc/x", "abc")

    def test_a_path_without_a_project_loses_nothing(self) -> None:
        self.assert_target("POST /abc/servers", "/abc/servers")
        self.assert_target("POST /abcd/servers", "/abcd/servers", "abc")

    def test_two_servers_are_two_targets(self) -> None:
        self.assertNotEqual(
            sameness.target("POST", "/servers/A/action", None),
            sameness.target("POST", "/servers/B/action", None),
        )

    def test_case_counts(self) -> None:
        self.assertNotEqual(
            sameness.target("POST", "/servers/a/action", None),
            sameness.target("POST", "/servers/A/action", None),
        )

    def test_slashes_at_the_ends_and_doubled_do_not_count(self) -> None:
        for path in ("/servers/", "servers", "//servers", "/servers//"):
            with self.subTest(path):
                self.assert_target("POST /servers", path)

    def test_the_root_is_a_target(self) -> None:
        self.assert_target("POST /", "/")
        self.assert_target("POST /", "")
        self.assert_target("POST /", "/abc", "abc")

    def test_what_has_to_be_escaped_is_escaped_in_one_way(self) -> None:
        self.assert_target("POST /a%20b/%C3%A9/100%25", "/a b/\xc3\xa9/100%")

    def test_an_escape_is_not_what_it_stands_for(self) -> None:
        # WSGI undoes one level: these were sent as /a%2520b and /a%20b.
        self.assertNotEqual(
            sameness.target("POST", "/a%20b", None),
            sameness.target("POST", "/a b", None),
        )

    def test_every_byte_of_a_path_has_its_own_target(self) -> None:
        targets = {
            sameness.target("POST", f"/x{chr(byte)}y", None)
            for byte in range(256)
        }
        self.assertEqual(256, len(targets))
        self.assertTrue(all(target.isascii() for target in targets))


class CanonicalTest(testtools.TestCase):
    def assert_same(self, one: str, other: str) -> None:
        self.assertEqual(sent(one), sent(other))

    def assert_different(self, one: str, other: str) -> None:
        self.assertNotEqual(sent(one), sent(other))

    def test_query_and_microversion_count(self) -> None:
        first = canonical({}, "", "2.1")
        self.assertNotEqual(first, canonical({}, "a=1", "2.1"))
        self.assertNotEqual(first, canonical({}, "", "2.90"))
        self.assertNotEqual(
            canonical({}, "a=1&b=2"), canonical({}, "b=2&a=1")
        )

    def test_query_microversion_and_body_do_not_run_together(self) -> None:
        self.assertNotEqual(
            canonical(None, 'a","2.90', "2.90"),
            canonical(None, "a", '2.90","2.90'),
        )

    def test_key_order_and_white_space_do_not_count(self) -> None:
        self.assert_same(
            '{"a":{"x":1,"y":2},"b":[1]}',
            ' { "b" : [ 1 ] ,\n\t"a": { "y": 2, "x": 1 } } ',
        )

    def test_order_of_a_list_counts(self) -> None:
        self.assert_different("[1,2]", "[2,1]")

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

    def test_numbers_are_compared_by_value(self) -> None:
        self.assert_same("1", "1.0")
        self.assert_same("1", "1e0")
        self.assert_same("100", "1E2")
        self.assert_same("0.5", "5e-1")
        self.assert_same("0", "-0.0")
        self.assert_different("1", "1.5")
        self.assert_different("1", "-1")

    def test_huge_numbers_are_compared_by_value(self) -> None:
        self.assert_same("1" + "0" * 22, "1e22")
        self.assert_different("9" * 400, "9" * 399 + "8")
        self.assert_different(str(2**53), str(2**53 + 1))

    def test_kinds_of_values_are_apart(self) -> None:
        texts = ("1", "true", '"1"', "0", "false", "null", '""', "[]", "{}",
                 '"null"', "[1]", '{"1":1}', "[[]]", '"true"')  # fmt: skip
        self.assertEqual(len(texts), len(set(map(sent, texts))))

    def test_what_is_no_json_number_is_compared_all_the_same(self) -> None:
        texts = ("NaN", "Infinity", "-Infinity", '"NaN"', "null")
        self.assertEqual(len(texts), len(set(map(sent, texts))))
        self.assert_same("[NaN]", "[ NaN ]")

    def test_no_body_is_not_an_empty_body(self) -> None:
        self.assertNotEqual(canonical(None), canonical({}))

    def test_a_body_is_not_changed(self) -> None:
        body = {"b": [1.0, {"c": 2.0}], "a": 1}
        before = json.dumps(body)
        canonical(body)
        self.assertEqual(before, json.dumps(body))

    def test_a_large_body_can_be_compared(self) -> None:
        body = {f"key{n}": [n, str(n), {"n": float(n)}] for n in range(20000)}
        again = dict(reversed(body.items()))
        self.assertEqual(canonical(body), canonical(again))

    def test_a_body_nested_a_hundred_deep_can_be_compared(self) -> None:
        self.assert_different("[" * 100 + "]" * 100, "[" * 99 + "]" * 99)

    def test_a_body_nested_too_deep_is_refused(self) -> None:
        body: Json = []
        for _ in range(100_000):
            body = [body]
        error = self.assertRaises(errors.BodyTooDeep, canonical, body)
        self.assertEqual(400, error.status)


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1e22, 1e300])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
_KEYS = st.text(max_size=2)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


def _equal(one: Json, other: Json) -> bool:
    """Tell whether two JSON values are equal; Python has True == 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            _equal(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _shuffled(value: Json, rng: random.Random) -> Json:
    if isinstance(value, dict):
        items = [(key, _shuffled(item, rng)) for key, item in value.items()]
        rng.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        return [_shuffled(item, rng) for item in value]
    if type(value) is int and abs(value) < 2**53:
        return float(value)
    return value


_settings = hypothesis.settings(
    max_examples=200, deadline=None, database=None, derandomize=True
)


class CanonicalPropertyTest(testtools.TestCase):
    @_settings
    @hypothesis.given(_VALUES, _VALUES)
    def test_equal_bytes_mean_equal_values(
        self, one: Json, other: Json
    ) -> None:
        same = canonical(one) == canonical(other)
        self.assertEqual(_equal(one, other), same)

    @_settings
    @hypothesis.given(_VALUES, st.randoms(use_true_random=False))
    def test_another_way_to_write_a_value_is_the_same(
        self, value: Json, rng: random.Random
    ) -> None:
        indent = rng.choice([None, 1])
        text = json.dumps(
            _shuffled(value, rng),
            indent=indent,
            ensure_ascii=rng.choice([True, False]),
        )
        self.assertEqual(canonical(value), sent(text))

    @_settings
    @hypothesis.given(_VALUES, _VALUES)
    def test_equal_values_one_level_down_too(
        self, one: Json, other: Json
    ) -> None:
        for wrap in (lambda v: [v], lambda v: {"a": v, "b": 1}):
            same = canonical(wrap(one)) == canonical(wrap(other))
            self.assertEqual(_equal(one, other), same)
