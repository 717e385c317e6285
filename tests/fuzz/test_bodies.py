# SPDX-License-Identifier: Apache-2.0
"""Whatever a body is, a token changes nothing in what Nova answers to it."""

from __future__ import annotations

import typing as ty

from hypothesis import strategies as st

from tests.fuzz import base
from tests.fuzz import bodies
from tests.fuzz import headers
from tests.fuzz import requests
from tests.fuzz.wsgi import Request

_ASKED = st.sampled_from([*requests.TAKEN, *[requests.STOP] * 6])


@st.composite
def _requests(draw: ty.Any) -> Request:
    asked = draw(_ASKED)
    made = asked.request(body=draw(bodies.of(asked.body)))
    return made.bearing(draw(bodies.SAID))


class Bodies(base.Fuzz):
    """With a token as without."""

    def check_body(self, example: tuple[Request, dict[str, str]]) -> None:
        self.check(*example)

    def test_generated_ones(self) -> None:
        examples = st.tuples(_requests(), headers.VALID)
        ends = ("covered 200", "covered 202", "covered 400", "too deep")
        self.fuzz("bodies", examples, self.check_body, ends)
