# SPDX-License-Identifier: Apache-2.0
"""Which requests are the same: protocol section 2."""

from __future__ import annotations

import decimal
import json
import re
import typing as ty

from openstack_idempotency.protocol import errors

# RFC 9110 section 8.3.1: parameters, each a token or a quoted string.
_MEDIA_PARAMETER = re.compile(
    r'[ \t]*+;[ \t]*+([^\s;="]++)=("(?:[^"\\]|\\.)*+"|[^\s;"]++)'
)
_ESCAPED = re.compile(r"\\(.)")
_JSON = re.compile(r"application/json|[^/]+/[^/]+\+json")
# Python refuses to convert text of some thousands of digits to an int, and
# below that takes quadratic time; this many are always cheap.
_INT_DIGITS = 18


def canonical(
    query: str, version: str, body: bytes, content_type: str | None
) -> bytes:
    """Return bytes that are equal for equal requests, and only for those.

    Of a JSON body the value counts: numbers are exact (1, 1.0 and 1e0 are
    one), and key order, white space and escapes make no difference. Of any
    other body the bytes and the content type count.

    :param query: the query string as it was sent
    :param version: the microversion as it was asked for
    :param body: the body as it was sent
    :param content_type: its content type; without one it may be JSON
    :raises errors.BodyTooDeep: the body is nested too deeply
    """
    try:
        return json.dumps(
            [query, version, *_body(body, content_type)],
            sort_keys=True,
            separators=(",", ":"),
        ).encode("ascii")
    except RecursionError as exc:
        raise errors.BodyTooDeep from exc


def _body(body: bytes, content_type: str | None) -> tuple[ty.Any, ...]:
    if not body:
        return ("empty",)
    media_type, parameters = _media_type(content_type or "")
    if not media_type or _JSON.fullmatch(media_type):
        try:
            return "JSON", _tagged(_parsed(body))
        except ValueError:
            pass  # its content type is wrong
    return "bytes", media_type, parameters, body.decode("latin-1")


def _media_type(content_type: str) -> tuple[str, list[tuple[str, str]]]:
    """Return a content type in its normal form."""
    name, separator, rest = content_type.partition(";")
    rest = separator + rest
    rest = rest.rstrip("; \t")
    parameters, place = [], 0
    while found := _MEDIA_PARAMETER.match(rest, place):
        key, value = found[1].lower(), found[2]
        if value.startswith('"'):
            value = _ESCAPED.sub(r"\1", value[1:-1])
        # Case matters in all values but the names of character sets.
        parameters.append((key, value.lower() if key == "charset" else value))
        place = found.end()
    if place < len(rest):
        return content_type.strip(), []  # broken: equal only to itself
    return name.strip().lower(), sorted(parameters)


class _Number(str):
    """A JSON number, as a notation that all notations of it have in common."""

    __slots__ = ()


def _parsed(body: bytes) -> ty.Any:
    return json.loads(
        body.decode("utf-8"),
        parse_int=_number,
        parse_float=_number,
        parse_constant=_Number,
    )


def _number(text: str) -> _Number:
    """Return a number's digits without outer zeros, and its exponent.

    Nothing is computed but the exponent: 1e999999999 has few characters.
    """
    sign = "-" if text[0] == "-" else ""
    mantissa, _, exponent = text.lstrip("-").lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return _Number("0")
    significant = digits.rstrip("0")
    shift = len(digits) - len(significant) - len(fraction)
    return _Number(f"{sign}{significant}e{_sum(exponent or '0', shift)}")


def _sum(number: str, shift: int) -> str:
    """Return the sum of a number of any length and one of a few digits."""
    if len(number) <= _INT_DIGITS:
        return str(int(number) + shift)
    exact = decimal.Context(
        prec=len(number) + _INT_DIGITS,
        Emax=decimal.MAX_EMAX,
        Emin=decimal.MIN_EMIN,
    )
    return f"{exact.add(exact.create_decimal(number), shift):f}"


def _tagged(value: ty.Any) -> ty.Any:
    """Mark strings and numbers, so that no string equals a number."""
    if isinstance(value, dict):
        return {key: _tagged(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tagged(item) for item in value]
    if isinstance(value, _Number):
        return f"number {value}"
    if isinstance(value, str):
        return f"string {value}"
    return value
