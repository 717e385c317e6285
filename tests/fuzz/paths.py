# SPDX-License-Identifier: Apache-2.0
"""Paths of Nova's API, and what is next to them, percent escapes and all."""

from __future__ import annotations

import typing as ty

from hypothesis import strategies as st

from nova.tests import fixtures as nova_fixtures

_OTHER_PROJECT = "0123456789abcdef0123456789abcdef"
_VERSIONS = st.sampled_from(
    [
        *["/v2.1"] * 24, "/v2", "/v2", "", "/v3", "/V2.1", "/v2%2E1",
        "/v2.1%2F", "//v2.1",
    ]
)  # fmt: skip
_PROJECTS = st.sampled_from(
    [
        *[""] * 16, *[f"/{nova_fixtures.PROJECT_ID}"] * 8,
        f"/{_OTHER_PROJECT}", "/%36" + nova_fixtures.PROJECT_ID[1:], "/%20",
        f"//{nova_fixtures.PROJECT_ID}", f"/{nova_fixtures.PROJECT_ID}%00",
    ]
)  # fmt: skip
_ESCAPES = st.one_of(
    st.integers(0, 0xFF).map(lambda byte: f"%{byte:02X}"),
    st.sampled_from(
        [
            "%2F", "%2f", "%00", "%FF", "%25", "%252F", "%2500", "%C3%A9",
            "%ED%A0%80", "%F0%9F%98%80", "%2E%2E", "%", "%2", "%GG", "%u0041",
            "/", "//", "/.", "/../", "/%2e%2e/", ";", ";a=1", ".json", ".xml",
            "?", "#", "\\", "+", " ", "\xe9", "\x7f", "*", "{id}", "0" * 300,
        ]
    ),
)  # fmt: skip
_QUERIES = st.one_of(
    *[st.just("")] * 6,
    st.sampled_from(
        [
            "a=b", "a=b&a=c", "&&&", "=", "%", "%FF=%00", "a=%C3%A9", "\xe9=1",
            "limit=1", "all_tenants=1", "_method=PUT", "_method=POST",
            "_method=DELETE", "_method=%FF", "_method=", "_Method=GET",
            "a" * 9000, "X-Client-Token=t", "\x00", "%0d%0aX-Client-Token: t",
        ]
    ),
    st.text(st.characters(max_codepoint=0xFF), max_size=30),
)  # fmt: skip
METHODS = st.sampled_from(
    [
        *["POST"] * 24, "GET", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS",
        "post", "PURGE",
    ]
)  # fmt: skip


@st.composite
def _escaped(draw: ty.Any, path: str) -> str:
    """The same path, some of its characters as escapes."""
    whole = draw(st.integers(1, 9))
    return "".join(
        f"%{ord(c):02x}" if draw(st.integers(0, whole)) == 0 else c
        for c in path
    )


@st.composite
def _spoilt(draw: ty.Any, path: str) -> str:
    """A path with something put in, or in place of some of it."""
    place = draw(st.integers(0, len(path)))
    rest = path[place + draw(st.sampled_from([0, 0, 0, 1, 1, 5, 36])) :]
    return f"{path[:place]}{draw(_ESCAPES)}{rest}"


_KINDS = ["as it is", "as it is", "escaped", "spoilt", "spoilt", "twice"]


@st.composite
def of(draw: ty.Any, path: str) -> str:
    """A path made of one that Nova has."""
    kind = draw(st.sampled_from(_KINDS))
    if kind == "escaped":
        path = draw(_escaped(path))
    elif kind == "spoilt":
        path = draw(_spoilt(path))
    elif kind == "twice":
        path = draw(_spoilt(draw(_spoilt(path))))
    return f"{draw(_VERSIONS)}{draw(_PROJECTS)}{path}"


QUERIES: st.SearchStrategy[str] = _QUERIES
