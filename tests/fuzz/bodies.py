# SPDX-License-Identifier: Apache-2.0
"""Bodies, from the right one to bytes that are no JSON at all."""

from __future__ import annotations

import copy
import json
import typing as ty

from hypothesis import strategies as st

# Bytes that Nova reads at most, unless it is told otherwise.
_LIMIT = 114_688
# Stands for what is put in as it is.
_MARK = "put in here"

_DEPTHS = st.one_of(
    st.integers(2, 60),
    st.integers(150, 600),
    st.integers(150, 1100),
    st.integers(2, _LIMIT // 4),
)
_SIZES = st.one_of(*[st.integers(0, 300)] * 4, st.integers(0, _LIMIT))


def _nested(kind: tuple[str, str], depth: int, inside: str) -> str:
    start, end = kind
    return start * depth + inside + end * depth


_SCALARS = st.sampled_from(
    [
        "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", "-0",
        "-0.0", "1.0", "1E2", "0.1e1", "1e308", "1.7976931348623157e308", "0",
        "9007199254740993", "18446744073709551616", "null", "true", "false",
        '""', '" "', r'"\ud800"', r'"\udc00\ud800"', r'"\ud83d\ude00"',
        r'"\u0000"', r'"a\u000ab"', r'"\/"', '"caf\u00e9"', '"\U0001f600"',
        '"\ufeff"', '"\ud800"', "[]", "{}", "[null]", '{"": ""}',
        '{"a": 1, "a": 2}', '{"a": {"b": 1}, "a": []}', "01", "+1", "0x10",
        ".5", "1.", "undefined", "'a'", '"\\x41"', '"a\nb"', "[1,]", "/**/",
    ]
)  # fmt: skip
_NUMBERS = st.builds(
    lambda sign, digits, size, rest: f"{sign}{digits * size}{rest}",
    st.sampled_from(["", "-"]),
    st.sampled_from(["1", "9", "10", "123456789"]),
    st.integers(1, 480) | st.integers(1, 4400) | st.integers(1, 11_000),
    st.sampled_from(["", "", ".0", "e1", "e-400", "e400"]),
)
_NESTED = st.builds(
    _nested,
    st.sampled_from(
        [
            ("[", "]"),
            ('{"a":', "}"),
            ('[{"a":', "}]"),
            ("[", ""),
            ("[[],", "]"),
        ]
    ),
    _DEPTHS,
    st.sampled_from(["", "1", '"a"', "null", "{}"]),
)
_LONG = st.builds(
    lambda text, size: json.dumps((text * size)[:_LIMIT]),
    st.sampled_from(["a", "ab c", "\u00e9", "\U0001f600", '"', "\x00"]),
    _SIZES,
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
).map(json.dumps)
_FRAGMENTS = st.one_of(_SCALARS, _SCALARS, _JSON, _NUMBERS, _NESTED, _LONG)


def _places(value: ty.Any, here: tuple[ty.Any, ...] = ()) -> list[ty.Any]:
    """Return the keys that lead to each value inside a value."""
    found = [here]
    inside: ty.Iterable[ty.Any] = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, item in inside:
        found += _places(item, (*here, key))
    return found


def _replaced(body: ty.Any, place: tuple[ty.Any, ...], by: ty.Any) -> ty.Any:
    if not place:
        return by
    made = copy.copy(body)
    made[place[0]] = _replaced(body[place[0]], place[1:], by)
    return made


@st.composite
def _with_another_value(draw: ty.Any, body: ty.Any) -> str:
    place = draw(st.sampled_from(_places(body)))
    text = json.dumps(_replaced(body, place, _MARK))
    return text.replace(f'"{_MARK}"', draw(_FRAGMENTS))


@st.composite
def _with_one_more(draw: ty.Any, body: ty.Any) -> str:
    """A body with one key more, or with one twice."""
    text = json.dumps(body)
    starts = [n for n, character in enumerate(text) if character == "{"]
    place = draw(st.sampled_from(starts)) + 1
    rest = text[place:]
    names = [*body, "a", "name", "", "os:scheduler_hints", "metadata", "null"]
    name = json.dumps(draw(st.sampled_from(names)))
    comma = "" if rest.startswith("}") else ","
    return f"{text[:place]}{name}:{draw(_FRAGMENTS)}{comma}{rest}"


@st.composite
def _written_otherwise(draw: ty.Any, body: ty.Any) -> str:
    """A body of the same value."""
    indent = draw(st.sampled_from([None, 0, 1, 300, "\t\r\n"]))
    return json.dumps(body, indent=indent, sort_keys=draw(st.booleans()))


def _text(body: ty.Any) -> st.SearchStrategy[bytes]:
    texts = st.one_of(
        _with_another_value(body),
        _with_another_value(body),
        _with_one_more(body),
        _with_one_more(body),
        _written_otherwise(body),
        _written_otherwise(body),
        _FRAGMENTS,
    )
    return texts.map(lambda text: text.encode("utf-8", "surrogatepass"))


@st.composite
def _spoilt(draw: ty.Any, body: ty.Any) -> bytes:
    """Bytes that are next to a good body."""
    data = draw(_text(body)) if draw(st.booleans()) else _dumped(body)
    place = draw(st.integers(0, len(data)))
    match draw(st.sampled_from(["cut", "flip", "put in", "start", "end"])):
        case "cut":
            return data[:place]
        case "flip":
            byte = draw(st.binary(min_size=1, max_size=1))
            return data[:place] + byte + data[place + 1 :]
        case "put in":
            return data[:place] + draw(st.binary(max_size=9)) + data[place:]
        case "start":
            starts = [b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b" \r\n\t", b")]"]
            return draw(st.sampled_from(starts)) + data
        case _:
            return data + draw(st.sampled_from([b"\x00", b"}", b" ", b"\xff"]))


@st.composite
def _coded(draw: ty.Any, body: ty.Any) -> bytes:
    codes = ["utf-16", "utf-32", "utf-16-le", "utf-8-sig"]
    return json.dumps(body).encode(draw(st.sampled_from(codes)))


def _dumped(body: ty.Any) -> bytes:
    return json.dumps(body).encode()


def of(body: ty.Any) -> st.SearchStrategy[bytes]:
    """Return bodies made of one that Nova takes."""
    return st.one_of(
        _text(body),
        _text(body),
        _text(body),
        _spoilt(body),
        _coded(body),
        st.binary(max_size=300),
    )


#: What a server says of a body, rightly or wrongly; None: nothing.
SAID: st.SearchStrategy[dict[str, ty.Any]] = st.one_of(
    *[st.just({})] * 8,
    st.fixed_dictionaries(
        {"CONTENT_LENGTH": st.sampled_from([None, "", "0", "1", "-1", "abc"])}
    ),
    st.just({"CONTENT_LENGTH": None, "wsgi.input_terminated": True}),
    st.just({"CONTENT_LENGTH": str(10**6)}),
    st.fixed_dictionaries(
        {
            "CONTENT_TYPE": st.sampled_from(
                [
                    None, "", "text/plain", "application/xml", "nonsense", ";",
                    "application/json; charset=utf-16", "application/JSON",
                    "application/x-www-form-urlencoded", "multipart/form-data",
                    "application/vnd.openstack.compute+json", "\xff",
                ]
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "HTTP_ACCEPT": st.sampled_from(
                ["", "*/*", "application/xml", "text/html;q=2", ",,;", "\xff"]
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "HTTP_OPENSTACK_API_VERSION": st.sampled_from(
                [
                    "", "compute", "compute 2.1", "compute latest", "2.90",
                    "compute 2.99999", "compute 2.x", "compute -1",
                    "volume 3.0", "compute 2.90, compute 2.1", "compute \xb2",
                ]
            )
        }
    ),
)  # fmt: skip
