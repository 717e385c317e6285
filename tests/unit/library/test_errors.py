# SPDX-License-Identifier: Apache-2.0
"""The statuses, states and advice of protocol section 3."""

from __future__ import annotations

import typing as ty

import ddt
import testtools

from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol.answer import Verdict

_Kind = type[errors.Refusal]


class _Row(ty.NamedTuple):
    kind: _Kind
    verdict: Verdict
    status: int
    again: bool = False  # whether it says when to come again


_ROWS = (
    _Row(errors.BadToken, Verdict.INVALID, 400),
    _Row(errors.BodyTooDeep, Verdict.INVALID, 400),
    _Row(errors.FromTheFuture, Verdict.INVALID, 400),
    _Row(errors.Different, Verdict.DIFFERENT, 422),
    _Row(errors.Expired, Verdict.EXPIRED, 412),
    _Row(errors.Forbidden, Verdict.FORBIDDEN, 403),
    _Row(errors.Running, Verdict.RUNNING, 409, again=True),
    _Row(errors.TakenOver, Verdict.TAKEN_OVER, 409, again=True),
    _Row(errors.Unknown, Verdict.UNKNOWN, 409),
    _Row(errors.Failed, Verdict.FAILED, 500),
    _Row(errors.AnswerLost, Verdict.ANSWER_LOST, 409),
    _Row(errors.TooMany, Verdict.TOO_MANY, 429, again=True),
    _Row(errors.Unavailable, Verdict.UNAVAILABLE, 503, again=True),
)
# Those whose messages have a place for something.
_FILLED: dict[_Kind, str] = {
    errors.BadToken: "X-Client-Token",
    errors.FromTheFuture: "Mon, 01 Jan 2024 00:00:00 GMT",
    errors.Expired: "Mon, 01 Jan 2024 00:00:00 GMT",
}
# What ran before, or may have: "nothing was done" would be a lie there.
_SOMETHING_DONE = {
    errors.Forbidden,
    errors.Running,
    errors.TakenOver,
    errors.Unknown,
    errors.Failed,
    errors.AnswerLost,
    errors.Unavailable,
}


def _leaves(kind: _Kind) -> ty.Iterator[_Kind]:
    for below in kind.__subclasses__():
        theirs = below.__subclasses__()
        if not any(kind.__module__ == below.__module__ for kind in theirs):
            yield below
        yield from _leaves(below)


def _refusal(kind: _Kind) -> errors.Refusal:
    return kind(_FILLED[kind]) if kind in _FILLED else kind()


@ddt.ddt
class RefusalTest(testtools.TestCase):
    @ddt.data(*((row,) for row in _ROWS))
    @ddt.unpack
    def test_it_is_as_the_protocol_s_table_says(self, row: _Row) -> None:
        refusal = _refusal(row.kind)
        self.assertEqual(
            (row.verdict, row.status, row.again),
            (
                refusal.verdict,
                refusal.status,
                refusal.retry_after is not None,
            ),
        )

    def test_there_is_no_other_refusal(self) -> None:
        self.assertEqual(
            {row.kind for row in _ROWS},
            {
                kind
                for kind in _leaves(errors.Refusal)
                # A database has one of its own: it is told as this is.
                if kind.__module__ == errors.__name__
            },
        )

    @ddt.data(*(row.kind for row in _ROWS))
    def test_its_text_is_its_message_with_what_it_is_told(
        self, kind: _Kind
    ) -> None:
        refusal = _refusal(kind)
        self.assertEqual(refusal.message, str(refusal))
        self.assertIn(_FILLED.get(kind, ""), refusal.message)
        self.assertNotIn("%", refusal.message)

    @ddt.data(*(row.kind for row in _ROWS))
    def test_it_says_when_nothing_was_done(self, kind: _Kind) -> None:
        said = "Nothing was done" in str(_refusal(kind))
        self.assertIs(kind not in _SOMETHING_DONE, said)

    @ddt.data(
        *(row.kind for row in _ROWS if row.kind not in _FILLED),
    )
    def test_it_can_name_an_earlier_request(self, kind: _Kind) -> None:
        self.assertEqual("req-1", kind("req-1").request_id)
        self.assertIsNone(kind().request_id)

    def test_a_different_request_is_told_in_the_protocol_s_words(self) -> None:
        self.assertIn(
            "was used for a different request", errors.Different.message
        )
