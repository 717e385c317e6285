# SPDX-License-Identifier: Apache-2.0
"""Client tokens, good and bad, as a server puts them into the environment."""

from __future__ import annotations

import typing as ty

from hypothesis import strategies as st

from tests.fuzz import contract

_VISIBLE = "".join(map(chr, range(0x21, 0x7F))).replace(",", "")
_ALL = "".join(map(chr, range(0x100)))
_LONGEST_HEADER = 70_000

_NAMES = (contract.X_CLIENT_TOKEN, contract.IDEMPOTENCY_KEY)

_TOKENS = st.text(st.sampled_from(_VISIBLE), min_size=1, max_size=60)
_NOISE = st.text(st.sampled_from(_ALL), max_size=40)


def _repeated(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


_LENGTHS = st.sampled_from([1, 2, 254, 255, 256, 257]) | st.integers(
    0, _LONGEST_HEADER
)
_LONG = st.builds(_repeated, _TOKENS, _LENGTHS)
_LONGEST_TOKENS = st.builds(_repeated, _TOKENS, st.integers(40, 255))


@st.composite
def _spoilt(draw: ty.Any) -> str:
    """A token with one character more, of all that there are."""
    value = draw(_TOKENS | _LONGEST_TOKENS)
    place = draw(st.integers(0, len(value)))
    return value[:place] + draw(st.sampled_from(_ALL)) + value[place:]


def quoted(value: str) -> str:
    """Return a value as an RFC 8941 string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@st.composite
def _broken(draw: ty.Any) -> str:
    """A quoted string that lacks a character, or has one too many."""
    value = quoted(draw(_TOKENS | _NOISE))
    place = draw(st.integers(0, len(value) - 1))
    other = draw(st.sampled_from(['"', "\\", '\\"', "", "\\a", ";a=1", " "]))
    return value[:place] + other + value[place + draw(st.integers(0, 1)) :]


_PARAMETERS = st.lists(
    st.text(st.sampled_from(";=abA*0123456789.-?: /+\"\\,"), max_size=12)
    | st.sampled_from([";a", ";a=1", "; b=-1.5", ';a="x,\\" y"'])
    | st.sampled_from([";*=*", ";c=?0", ";d=:YQ==:"]),
    max_size=3,
).map("".join)

_GOOD = _TOKENS | _LONGEST_TOKENS
_VALUES = st.one_of(
    _GOOD,
    _GOOD,
    _GOOD.map(quoted),
    st.builds("{}{}".format, _GOOD.map(quoted), _PARAMETERS),
    _spoilt(),
    _spoilt().map(quoted),
    _broken(),
    _NOISE,
    _LONG,
    _LONG.map(quoted),
)
# As servers join the lines of a repeated header, and as clients write them.
_JOINTS = st.sampled_from([", ", ", ", ",", ",\t", ",  ", " , ", " ,", "; "])
_BLANKS = st.sampled_from(["", "", "", " ", "\t", "  \t", "\x0b", "\xa0"])


@st.composite
def _lines(draw: ty.Any, values: st.SearchStrategy[str]) -> str:
    """A header that is given once, or more often."""
    first = draw(values)
    given = [first]
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 1, 2]))):
        given.append(draw(st.just(first) | st.just(quoted(first)) | values))
    line = draw(_JOINTS).join(given)
    return f"{draw(_BLANKS)}{line}{draw(_BLANKS)}"


@st.composite
def _both(draw: ty.Any) -> dict[str, str]:
    """Two headers that may mean the same."""
    value = draw(_GOOD | _spoilt())
    other = st.sampled_from([value, quoted(value), f"{value}, {value}"])
    given = [draw(other | _lines(_VALUES)) for _ in _NAMES]
    return dict(zip(_NAMES, given, strict=True))


def _named(lines: st.SearchStrategy[str]) -> st.SearchStrategy[ty.Any]:
    return st.builds(
        lambda name, line: {name: line}, st.sampled_from(_NAMES), lines
    )


#: All kinds.
FIELDS: st.SearchStrategy[dict[str, str]] = st.one_of(
    _named(_lines(_VALUES)), _named(_lines(_VALUES)), _both()
)
#: Valid tokens.
VALID: st.SearchStrategy[dict[str, str]] = _named(_GOOD)
#: Mostly valid ones; and none at all.
MIXED: st.SearchStrategy[dict[str, str]] = st.one_of(
    VALID, VALID, VALID, FIELDS, st.just({})
)
