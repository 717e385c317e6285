# SPDX-License-Identifier: Apache-2.0
"""Bodies of 10 MB, which Nova takes if an operator lets it."""

from __future__ import annotations

import json
import typing as ty

from hypothesis import strategies as st

from tests.fuzz import base
from tests.fuzz import requests

_MB = 1024 * 1024
_SIZE = 10 * _MB

# Each makes a value of so many bytes, more or less.
_VALUES: dict[str, ty.Callable[[int], bytes]] = {
    "string": lambda size: b'"' + b"a" * size + b'"',
    "escapes": lambda size: b'"' + rb"\ud800" * (size // 6) + b'"',
    "no UTF-8": lambda size: b'"' + b"\xff" * size + b'"',
    "digits": lambda size: b"9" * size,
    "fraction": lambda size: b"0." + b"9" * size,
    "list": lambda size: b"[" + b"1," * (size // 2) + b"1]",
    "floats": lambda size: b"[" + b"1e9," * (size // 4) + b"1]",
    "keys": lambda size: json.dumps(
        {str(key): {} for key in range(size // 16)}
    ).encode(),
    "same key": lambda size: b"{" + b'"a":1,' * (size // 6) + b'"a":2}',
    "deep": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "blanks": lambda size: b" " * size + b"null",
}
_SIZES = [100_000, _SIZE - 1000]


# The first takes any value, the second checks it, the third is no action.
_BODIES = [b'{"os-stop": %b}', b'{"lock": {"locked_reason": %b}}', b"%b"]
# What is made of these is too large for Hypothesis to show.
_RECIPES = st.tuples(
    st.sampled_from(_BODIES),
    st.sampled_from(list(_VALUES)),
    st.sampled_from([100_000, _SIZE - 1000]),
)


class Large(base.Fuzz):
    """With a token as without."""

    def check_large(self, recipe: tuple[bytes, str, int]) -> None:
        body, kind, size = recipe
        request = requests.LOCK.request(body=body % _VALUES[kind](size))
        self.check(request, {"HTTP_X_CLIENT_TOKEN": "t"})

    def test_as_much_as_an_operator_allows(self) -> None:
        self.flags(max_request_body_size=_SIZE, group="oslo_middleware")
        ends = ("covered 202", "covered 400", "plain 400")
        self.fuzz("large", _RECIPES, self.check_large, ends)

    def test_no_more_than_by_default(self) -> None:
        self.check_large((b"%b", "string", _SIZE))
        self.assertEqual({"plain 413": 1}, self.seen)
