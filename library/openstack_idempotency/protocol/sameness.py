# SPDX-License-Identifier: Apache-2.0
"""Which requests are the same: protocol section 2."""

from __future__ import annotations

import contextlib
import decimal
import io
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
# No float that its text names exactly has a longer one.
_FLOAT_TEXT = 24
# Characters that are written at a time: a long text needs no copy then.
_PIECE = 65536
_quoted = json.JSONEncoder().encode
_NAMES = {None: b"null", False: b"false", True: b"true"}

#: Takes bytes, piece by piece.
Write = ty.Callable[[bytes], object]


class _Pieces:
    """Collects bytes, and passes them on in pieces of some length.

    :param to: takes them
    """

    def __init__(self, to: Write) -> None:
        self._to = to
        self._held = io.BytesIO()
        self.write: Write = self._held.write

    def pass_on(self, least: int = _PIECE) -> None:
        """Pass on what is held, if there is enough of it.

        :param least: how many bytes
        """
        if self._held.tell() >= least:
            self._to(self._held.getvalue())
            self._held.seek(0)
            self._held.truncate()


def write(
    query: str,
    version: str,
    body: bytes,
    content_type: str | None,
    to: Write,
) -> None:
    """Write bytes that are equal for equal requests, and only for those.

    Of a JSON body the value counts: numbers are exact (1, 1.0 and 1e0 are
    one), and key order, white space and escapes make no difference. Of any
    other body the bytes and the content type count.

    :param query: the query string as it was sent
    :param version: the microversion as it was asked for
    :param body: the body as it was sent
    :param content_type: its content type; without one it may be JSON
    :param to: takes the bytes, piece by piece: they are never held whole
    :raises errors.BodyTooDeep: the body is nested too deeply
    """
    pieces = _Pieces(to)
    try:
        _write_request(query, version, body, content_type or "", pieces)
    except RecursionError as exc:
        raise errors.BodyTooDeep from exc
    pieces.pass_on(1)


def _write_request(
    query: str, version: str, body: bytes, content_type: str, to: _Pieces
) -> None:
    if not body:
        to.write(_plain(query, version, "empty"))
        return
    media_type, parameters = _media_type(content_type)
    values = []
    if not media_type or _JSON.fullmatch(media_type):
        with contextlib.suppress(ValueError):  # its content type is wrong
            values.append(_parsed(body))
    if values:
        to.write(_plain(query, version, "JSON")[:-1] + b",")
        _write(values.pop(), to)  # so that it goes while it is written
        to.write(b"]")
        return
    to.write(_plain(query, version, "bytes", media_type, parameters)[:-1])
    to.write(b',"')
    _write_text(body.decode("latin-1"), to)
    to.write(b'"]')


def _plain(*values: ty.Any) -> bytes:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return text.encode("ascii")


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


def _parsed(body: bytes) -> ty.Any:
    return json.loads(
        body.decode("utf-8"),
        parse_int=_whole,
        parse_float=_fraction,
        parse_constant=_constant,
    )


def _whole(text: str) -> int | bytes:
    """Return a whole number, as an int if it has few digits."""
    return int(text) if len(text) <= _INT_DIGITS else _number(text)


def _fraction(text: str) -> float | bytes:
    """Return a number with a fraction or an exponent.

    It is one of Python's if that has the same digits: it takes less room.
    """
    exact = _number(text)
    if len(text) > _FLOAT_TEXT:
        return exact
    nearest = float(text)
    return nearest if _number(repr(nearest)) == exact else exact


def _constant(text: str) -> bytes:
    """Return NaN or an infinity, which JSON does not have, as a number."""
    return text.encode("ascii")


def _number(text: str) -> bytes:
    """Return a number's digits without outer zeros, and its exponent.

    All notations of a number have this one in common. It is bytes, which
    nothing else is in a parsed body. Nothing is computed but the exponent:
    1e999999999 has few characters.
    """
    sign = "-" if text[0] == "-" else ""
    mantissa, _, exponent = text.lstrip("-").lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return b"0"
    significant = digits.rstrip("0")
    shift = len(digits) - len(significant) - len(fraction)
    exact = f"{sign}{significant}e{_sum(exponent or '0', shift)}"
    return exact.encode("ascii")


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


def _write(value: ty.Any, to: _Pieces) -> None:
    """Write a value so that equal ones are equal bytes, and take it apart.

    Strings and numbers are marked, so that no string equals a number.
    """
    write = to.write
    if isinstance(value, dict):
        before = b'{"'
        for key in sorted(value):
            write(before)
            _write_text(key, to)
            write(b'":')
            _write(value.pop(key), to)
            to.pass_on()
            before = b',"'
        write(b"}" if before == b',"' else b"{}")
    elif isinstance(value, list):
        value.reverse()
        write(b"[")
        while value:
            _write(value.pop(), to)
            to.pass_on()
            write(b"," if value else b"")
        write(b"]")
    elif isinstance(value, str):
        write(b'"string ')
        _write_text(value, to)
        write(b'"')
    elif value is None or isinstance(value, bool):
        write(_NAMES[value])
    else:
        exact = value if isinstance(value, bytes) else _number(repr(value))
        write(b'"number ' + exact + b'"')


def _write_text(text: str, to: _Pieces) -> None:
    for begin in range(0, len(text), _PIECE):
        quoted = _quoted(text[begin : begin + _PIECE])
        to.write(quoted[1:-1].encode("ascii"))
        to.pass_on()
