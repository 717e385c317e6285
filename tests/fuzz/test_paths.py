# SPDX-License-Identifier: Apache-2.0
"""Whatever a path is, a token changes nothing in where it leads."""

from __future__ import annotations

import typing as ty

from hypothesis import strategies as st

from tests.fuzz import base
from tests.fuzz import headers
from tests.fuzz import paths
from tests.fuzz import requests
from tests.fuzz.wsgi import Request


@st.composite
def _requests(draw: ty.Any) -> Request:
    asked = draw(st.sampled_from(requests.TAKEN))
    return asked.request(
        path=draw(paths.of(asked.path)),
        method=draw(paths.METHODS),
        query=draw(paths.QUERIES),
    )


class Paths(base.Fuzz):
    """With a token as without."""

    def check_path(self, example: tuple[Request, dict[str, str]]) -> None:
        self.check(*example)

    def test_generated_ones(self) -> None:
        examples = st.tuples(_requests(), headers.VALID)
        ends = ("covered 202", "covered 404", "plain 404", "plain 400")
        self.fuzz("paths", examples, self.check_path, ends)
