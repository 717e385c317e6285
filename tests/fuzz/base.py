# SPDX-License-Identifier: Apache-2.0
"""Two Novas in one process: stock, and with our line in api-paste.ini."""

from __future__ import annotations

import collections
import dataclasses
import decimal
import json
import typing as ty

import fixtures
from hypothesis import strategies as st
from testtools import content

from nova import context
from nova.api import wsgi as nova_wsgi
from nova.db.api import api as api_db
from nova.db.main import api as main_db
from testing.nova import cloud
from testing.nova import parts
from tests.fuzz import contract
from tests.fuzz import databases
from tests.fuzz import dice
from tests.fuzz import logs
from tests.fuzz import outcome
from tests.fuzz import wsgi
from tests.fuzz.outcome import Outcome
from tests.fuzz.wsgi import Answer
from tests.fuzz.wsgi import Request

_BAD_TOKEN = b"is not valid: it must be 1 to 255"
_TOO_DEEP = b"nested too deeply"
# Shorter ones, and a zero many times, are found elsewhere by chance.
_TELLTALE = 40
_DIFFERENT = 8
_DAY = 86_400
# Larger ones might be too large in another notation.
_REWRITTEN = 20_000
# Headers that are not the same on a first answer and on a replay.
_OF_ONE = (
    "idempotent-replayed",
    "x-client-token-request-id",
    "x-client-token-state",
)
_NOTHING: collections.Counter[str] = collections.Counter()
_QUOTAS = (
    "instances",
    "cores",
    "ram",
    "key_pairs",
    "server_groups",
    "server_group_members",
)

Fields = ty.Mapping[str, str]


class _Inexact(Exception):
    """A number that Python's floats do not have: to write it changes it."""


def _exactly(text: str) -> float:
    number = float(text)
    try:
        same = decimal.Decimal(text) == decimal.Decimal(repr(number))
    except decimal.InvalidOperation:
        same = False
    if not same:
        raise _Inexact
    return number


class Fuzz(cloud.Cloud):
    """Sends generated requests to both, and compares.

    After each one all that was written is taken back, so that both see the
    same cloud, and each token is a new one.
    """

    older = True

    def setUp(self) -> None:
        super().setUp()
        self.flags(group="quota", **dict.fromkeys(_QUOTAS, -1))
        self.server()
        self.effects.answers["get_console_output"] = lambda *_, **__: "text"
        self.ours = self.api_fixture.app()
        path = self.useFixture(parts.PasteFile(woven=False, older=True)).path
        self.flags(group="wsgi", api_paste_config=path)
        self.stock = nova_wsgi.Loader().load_app("osapi_compute")
        self.databases = self.useFixture(databases.Databases(self._engines()))
        # In place of Nova's, whose memory of all requests would grow large.
        self.logs = logs.Logs()
        self.useFixture(fixtures.LogHandler(self.logs, nuke_handlers=True))
        self.sent = 0
        self.seen: collections.Counter[str] = collections.Counter()

    def start_api(self) -> None:
        # A test takes longer than a host may say nothing; between the two
        # halves of a comparison it must not be taken for one that is down.
        self.flags(service_down_time=_DAY)  # read when the API is loaded
        # Nor may anything be written that no request has asked for.
        interval = "openstack_idempotency.engine.counting._INTERVAL"
        self.useFixture(fixtures.MonkeyPatch(interval, float(_DAY)))
        super().start_api()

    def _engines(self) -> list[ty.Any]:
        engines = [api_db.get_engine()]
        for cell in self.cell_mappings.values():
            with context.target_cell(self.admin, cell) as targeted:
                engines.append(main_db.get_engine(context=targeted))
        return engines

    def fuzz(
        self,
        name: str,
        examples: st.SearchStrategy[ty.Any],
        check: ty.Callable[[ty.Any], None],
        expected: ty.Iterable[str],
    ) -> None:
        """Check a test's share of requests.

        :param name: the share's, see :mod:`tests.fuzz.dice`
        :param examples: what requests are made of
        :param check: sends a request made of an example
        :param expected: ends of requests that must be among them
        """
        share = dice.share(name)
        dice.roll(examples, share, check)
        figures = f"{name}: {self.sent} sent, {dict(self.seen)}"
        self.addDetail("figures", content.text_content(figures))
        # Hypothesis ends early when it thinks that it has seen everything.
        self.assertGreaterEqual(self.sent, share)
        if dice.enough():
            self.assertEqual(set(), set(expected) - self.seen.keys())

    def send(self, app: ty.Any, request: Request) -> Outcome:
        """Return what becomes of a request."""
        self.effects.taken()
        answer = wsgi.call(app, request)
        return Outcome(answer, collections.Counter(self.effects.taken()))

    def check(self, request: Request, fields: Fields) -> None:
        """Send a request to stock Nova, and with fields to ours; compare."""
        self.databases.restore()
        self.compare(request, fields, self.send(self.stock, request))

    def compare(
        self, request: Request, fields: Fields, stock: Outcome
    ) -> None:
        """Send a request with fields, and compare it with stock Nova's."""
        self.databases.restore()
        self.logs.taken()
        ours = self.send(self.ours, request.bearing(fields))
        self.sent += 1
        self.assert_secret(fields, ours.answer)
        try:
            token = contract.token(fields)
        except contract.Bad:
            token = "not one"
            if _BAD_TOKEN in ours.answer.body:
                self.seen["bad token"] += 1
                self.assert_refused(request, ours, "badRequest")
                self.assertIsNone(ours.answer["X-Client-Token"])
                return
        if _TOO_DEEP in ours.answer.body:
            self.seen["too deep"] += 1
            self.assertEqual("invalid", ours.answer["X-Client-Token-State"])
            self.assert_refused(request, ours, "badRequest")
            self.assertIsNone(ours.answer["X-Client-Token"])
            return
        if ours.answer["X-Client-Token"] is None:
            changing = token is not None and request.method == "POST"
            self.check_ignored(request, stock, ours, changing)
        else:
            self.assertEqual(token, ours.answer["X-Client-Token"])
            self.check_taken(request.bearing(fields), stock, ours)

    def check_ignored(
        self, request: Request, stock: Outcome, ours: Outcome, changing: bool
    ) -> None:
        """Sections 1 and 7: as if this software were not there.

        :param changing: whether the operation changes something; here it must
            not
        """
        self.seen[f"plain {stock.answer.status}"] += 1
        self.assert_same(stock, ours)
        self.assertEqual((0, 0), self.databases.stored())
        for name in outcome.OURS:
            self.assertIsNone(ours.answer[name])
        # Routes lets a query string say that a POST is another method.
        if changing and "_method" not in request.query:
            changes = [what for what in ours.did if "_console" not in what]
            self.assertEqual([], changes)

    def check_taken(
        self, request: Request, stock: Outcome, ours: Outcome
    ) -> None:
        """Section 3: Nova's answer, and if it is a success, that again."""
        self.seen[f"covered {stock.answer.status}"] += 1
        self.assertEqual("POST", request.method)
        self.assert_same(stock, ours)
        stored, bound = self.databases.stored()
        if ours.answer.status < 400:
            self.assertEqual(1, stored)
            self.assertIsNotNone(ours.answer["X-Client-Token-Expires"])
            self.check_later(request, ours.answer)
        elif ours.answer.status < 500:
            self.assertEqual((0, 0), (stored, bound))

    def check_later(self, request: Request, first: Answer) -> None:
        """The same again, in another notation, and another request."""
        self.check_again(request, first)
        said = request.environ.get("CONTENT_LENGTH")
        if len(request.body) > _REWRITTEN or said is not None:
            return
        try:
            body = json.loads(request.body, parse_float=_exactly)
        except _Inexact:
            return
        text = json.dumps(body, separators=(" ,\n", ": "), sort_keys=True)
        written = dataclasses.replace(request, body=text.encode())
        self.check_again(written, first)
        if not isinstance(body, dict):
            return
        other = json.dumps({key: ["another request"] for key in body})
        another = dataclasses.replace(request, body=other.encode())
        refused = self.send(self.ours, another)
        self.assertEqual(422, refused.answer.status)
        self.assertEqual(_NOTHING, refused.did)

    def check_again(self, request: Request, first: Answer) -> None:
        """A retry gets the first answer, byte for byte."""
        again = self.send(self.ours, request)
        self.assertEqual(_NOTHING, again.did)
        answer = again.answer
        self.assertEqual("true", answer["Idempotent-Replayed"])
        self.assertEqual(first.status, answer.status)
        self.assertEqual(first.body, answer.body)
        self.assertEqual(
            first["X-OpenStack-Request-Id"],
            answer["X-Client-Token-Request-Id"],
        )
        self.assertEqual("replayed", answer["X-Client-Token-State"])
        kept = [outcome.kept(one, *_OF_ONE) for one in (first, answer)]
        self.assertEqual(*kept)

    def assert_refused(
        self, request: Request, ours: Outcome, fault: str
    ) -> None:
        """Assert that a POST was refused with 400 before anything ran."""
        self.assertEqual("POST", request.method)
        self.assertEqual(400, ours.answer.status)
        self.assertEqual([fault], list(json.loads(ours.answer.body)))
        self.assertEqual(_NOTHING, ours.did)
        self.assertFalse(self.databases.changed())

    def assert_same(self, stock: Outcome, ours: Outcome) -> None:
        """Assert that two outcomes differ in nothing but identifiers."""
        first, second = stock.answer, ours.answer
        self.assertEqual(first.status, second.status, second.body[:1000])
        self.assertEqual(stock.did, ours.did)
        self.assertEqual(outcome.names(first), outcome.names(second))
        if 0 < first.status < 400:
            shapes = outcome.shape(first.body), outcome.shape(second.body)
            self.assertEqual(*shapes)
            return
        self.assertEqual(first.body, second.body)
        self.assertEqual(
            outcome.kept(first), outcome.kept(second, *outcome.OURS)
        )

    def assert_secret(self, fields: Fields, answer: Answer) -> None:
        """Assert that neither the logs nor an answer tell what was sent."""
        log, ours = self.logs.taken()
        self.assertEqual([], ours)
        values = [v for n, v in outcome.kept(answer, "x-client-token")]
        said = "\n".join([log, *values, answer.body.decode("latin-1")])
        for value in fields.values():
            if len(value) >= _TELLTALE and len(set(value)) >= _DIFFERENT:
                self.assertNotIn(value, said)
