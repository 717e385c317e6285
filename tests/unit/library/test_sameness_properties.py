# SPDX-License-Identifier: Apache-2.0
"""Protocol section 2: which bodies are the same, for any that there are."""

from __future__ import annotations

import decimal
import json
import random

import hypothesis
from hypothesis import strategies as st
import testtools

from tests.unit.library.bodies import canonical
from tests.unit.library.bodies import Json
from tests.unit.library.bodies import value

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
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3)
    ),
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
    if isinstance(one, int | float) and isinstance(other, int | float):
        # By what is sent: a float is written shorter than it is.
        first, second = json.dumps(one), json.dumps(other)
        return decimal.Decimal(first) == decimal.Decimal(second)
    return bool(one == other)


_NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,3})?",
    fullmatch=True,
    alphabet="-0123456789.eE+",
)


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
    @hypothesis.given(_NUMBERS, _NUMBERS, st.integers(0, 9))
    def test_numbers_are_what_decimal_says(
        self, one: str, other: str, shift: int
    ) -> None:
        exact = decimal.Decimal(one)
        same = canonical(one) == canonical(other)
        self.assertEqual(exact == decimal.Decimal(other), same)
        sign, digits, exponent = exact.as_tuple()
        longer = decimal.Decimal(
            (sign, digits + (0,) * shift, int(exponent) - shift)
        )
        self.assertEqual(canonical(one), canonical(str(longer)))

    @_settings
    @hypothesis.given(_VALUES, _VALUES)
    def test_equal_bytes_mean_equal_values(
        self, one: Json, other: Json
    ) -> None:
        same = value(one) == value(other)
        self.assertEqual(_equal(one, other), same)

    @_settings
    @hypothesis.given(_VALUES, st.randoms(use_true_random=False))
    def test_another_way_to_write_a_value_is_the_same(
        self, body: Json, rng: random.Random
    ) -> None:
        indent = rng.choice([None, 1])
        text = json.dumps(
            _shuffled(body, rng),
            indent=indent,
            ensure_ascii=rng.choice([True, False]),
        )
        self.assertEqual(value(body), canonical(text))

    @_settings
    @hypothesis.given(_VALUES, _VALUES)
    def test_equal_values_one_level_down_too(
        self, one: Json, other: Json
    ) -> None:
        for wrap in (lambda v: [v], lambda v: {"a": v, "b": 1}):
            same = value(wrap(one)) == value(wrap(other))
            self.assertEqual(_equal(one, other), same)
