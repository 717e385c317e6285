# SPDX-License-Identifier: Apache-2.0
"""All at once: headers, bodies and paths."""

from __future__ import annotations

import typing as ty

from hypothesis import strategies as st

from tests.fuzz import base
from tests.fuzz import bodies
from tests.fuzz import headers
from tests.fuzz import paths
from tests.fuzz import requests
from tests.fuzz.wsgi import Request

_ASKED = st.sampled_from(
    [*requests.TAKEN, requests.LEFT_OUT, requests.GONE, requests.NOWHERE]
)


@st.composite
def _requests(draw: ty.Any) -> Request:
    asked = draw(_ASKED)
    made = asked.request(
        path=draw(paths.of(asked.path)),
        method=draw(paths.METHODS),
        query=draw(paths.QUERIES),
        body=draw(bodies.of(asked.body)),
    )
    return made.bearing(draw(bodies.SAID))


class Together(base.Fuzz):
    """As without a token, or as the contract says of it."""

    def check_all(self, example: tuple[Request, dict[str, str]]) -> None:
        self.check(*example)

    def test_generated_ones(self) -> None:
        examples = st.tuples(_requests(), headers.MIXED)
        ends = ("bad token", "covered 202", "covered 400", "plain 404")
        self.fuzz("together", examples, self.check_all, ends)
