# SPDX-License-Identifier: Apache-2.0
"""An answer is given again as the service gave it first."""

from __future__ import annotations

import ddt
import testtools
import webob

from openstack_idempotency.middleware import rebuilding
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.wsgi.edge import _Work

Pairs = list[tuple[str, str]]


@ddt.ddt
class AnswersTest(testtools.TestCase):
    """What a client sees of them."""

    def seen(self, answer: webob.Response) -> tuple[Pairs, Pairs]:
        """Return the headers of an answer, and of its replay."""
        work = _Work(lambda: answer, None, None, lambda: None)
        kept = work.run()
        first = work.shown(Reply(kept, Verdict.EXECUTED))
        later = _Work(lambda: answer, None, None, lambda: None)
        stored = Answer.load(kept.dump())
        replay = later.shown(Reply(stored, Verdict.REPLAYED, None, "req-1"))
        self.assertEqual(answer.body, replay.body)
        return first.headerlist, replay.headerlist

    @ddt.data([], [("Content-Length", "0")], [("Content-Type", "text/html")])
    def test_one_without_content(self, headers: Pairs) -> None:
        """RFC 9110 forbids the length there; that is the service's matter."""
        answer = webob.Response(status=204, headerlist=[*headers])
        self.assertEqual((headers, headers), self.seen(answer))

    @ddt.data(b"", b"content")
    def test_any_other_tells_its_length(self, body: bytes) -> None:
        answer = webob.Response(status=202, headerlist=[], app_iter=[body])
        told = [("Content-Length", str(len(body)))]
        self.assertEqual((told, told), self.seen(answer))

    def test_its_headers_keep_their_order(self) -> None:
        headers = [("A", "1"), ("Content-Length", "1"), ("B", "2")]
        answer = webob.Response(headerlist=[*headers], app_iter=[b"x"])
        self.assertEqual((headers, headers), self.seen(answer))

    @ddt.data(None, "text/html")
    def test_a_rebuilt_one_without_content(self, type_: str | None) -> None:
        rebuilt = rebuilding.bare(204, type_)
        _, replay = self.seen(rebuilt)
        self.assertNotIn("Content-Length", dict(replay))
