# SPDX-License-Identifier: Apache-2.0
"""What the protocol asks of each service, shown with one operation."""

from __future__ import annotations

import functools
import io
import json
import re
import typing as ty

import fixtures
import sqlalchemy as sa
import webob

from openstack_idempotency.engine import points
from openstack_idempotency.engine.points import Point
from openstack_idempotency.middleware.filter import Filter
from openstack_idempotency.sql import tables
from tests.services import base
from tests.services.world import Caller


class Simple(base.ServiceTestCase):
    """Asks for one operation.

    :cvar path: a linked operation that makes a resource
    """

    path: ty.ClassVar[str]

    def setUp(self) -> None:
        super().setUp()
        self.asked = self.wanted(self.path)

    def once(
        self, token: str | None = "t", caller: Caller | None = None, **h: str
    ) -> ty.Any:
        return self.post(self.path, self.asked, token, caller, **h)

    def assert_fault(self, answer: ty.Any, status: int, state: str) -> str:
        self.assertEqual(status, answer.status_int, answer.text)
        self.assertEqual(state, self.state(answer))
        return self.fault(answer)


class Refused(Simple):
    """Sections 1 to 3: refusals have the form of the service's errors."""

    def test_a_token_that_is_none(self):
        for token in ("", "two words", "a,b", "x" * 256):
            with self.effects() as seen:
                answer = self.once(token)
            text = self.assert_fault(answer, 400, "invalid")
            self.assertIn("X-Client-Token is not valid", text)
            self.assertNotIn("X-Client-Token", answer.headers)
            self.assertEqual(([], []), (seen, self.rows()))

    def test_while_the_first_one_runs(self):
        answers = []

        def again(reached: Point) -> None:
            if reached is Point.BEFORE_METHOD:
                points.arm(None)
                answers.append(base.elsewhere(self.once))

        points.arm(again)
        self.once()
        text = self.assert_fault(answers[0], 409, "running")
        self.assertIn("still running", text)
        self.assertEqual("1", answers[0].headers["Retry-After"])

    def test_without_the_first_one_s_roles(self):
        self.once()
        fewer = Caller(roles=("reader",))
        # It may have to log in, which leaves something of its own.
        self.world.request("GET", "/", fewer)
        with self.effects() as seen:
            answer = self.once(caller=fewer)
        self.assert_fault(answer, 403, "forbidden")
        self.assertEqual([], seen)

    def test_a_token_that_is_older_than_its_life(self):
        # RFC 9562, version 7: of the year 2020.
        token = "016f5e66-e800-7000-8000-000000000000"
        self.assert_fault(self.once(token), 412, "expired")

    def test_without_the_tables(self):
        away = sa.text("ALTER TABLE client_tokens RENAME TO away")
        back = sa.text("ALTER TABLE away RENAME TO client_tokens")
        with self.world.engine.begin() as connection:
            connection.execute(away)
        try:
            with self.effects() as seen:
                answer = self.once()
            self.assert_fault(answer, 503, "unavailable")
            self.assertEqual([], seen)
            self.assertLess(self.once(None).status_int, 300)
        finally:
            with self.world.engine.begin() as connection:
                connection.execute(back)


class Scope(Simple):
    """Section 2: whose a token is."""

    def test_another_user_s_token_is_another_one(self):
        self.once()
        other = self.wanted(self.path)
        answer = self.post(self.path, other, "t", Caller(user="another"))
        self.assertEqual("executed", self.state(answer), answer.text)
        self.assertEqual(2, len(self.rows()))

    def test_a_slash_at_the_end_makes_no_other_target(self):
        self.once()
        path = self.samples[self.path]
        answer = self.send(
            "POST", f"{self.asked.path}/", self.asked.body, "t", **path.headers
        )
        self.assertEqual("replayed", self.state(answer))

    def test_another_spelling_leaves_the_request_its_token(self):
        """Its answer is this one's, or nothing: a redirection, too."""
        headers = self.samples[self.path].headers
        for number, spelled in enumerate(("/{}", "{}/", "{}//", "{}.json")):
            wanted, token = self.wanted(self.path), f"t-{number}"
            path = spelled.format(wanted.path)
            first = self.send("POST", path, wanted.body, token, **headers)
            self.assertEqual("executed", self.state(first), first.text)
            answer = self.post(self.path, wanted, token)
            self.assertLess(answer.status_int, 300, path)
            ran = first.status_int < 300
            told = "replayed" if ran else "executed"
            self.assertEqual(told, self.state(answer), path)


class Passing(Simple):
    """What the filter leaves alone."""

    def forget(self, req: webob.Request) -> None:
        """Take from a request what tells the service whose it is."""
        raise NotImplementedError

    def test_who_is_not_known_is_refused_by_the_service(self):
        req = self.world.request("POST", self.path)
        self.forget(req)
        req.headers["X-Client-Token"] = "t"
        answer = self.world.send(req)
        self.assertEqual(401, answer.status_int)
        self.assertIsNone(self.state(answer))
        self.assertEqual([], self.rows())

    def test_without_a_token_there_is_no_query_of_ours(self):
        seen: list[str] = []

        def note(conn: ty.Any, cursor: ty.Any, text: str, *_: ty.Any) -> None:
            seen.append(text)

        place = (self.world.engine, "before_cursor_execute", note)
        sa.event.listen(*place)
        try:
            answer = self.once(None)
        finally:
            sa.event.remove(*place)
        self.assertTrue(seen)
        self.assertEqual([], [text for text in seen if "client_token" in text])
        names = [name.lower() for name in answer.headers]
        ours = [n for n in names if n.startswith("x-client-token")]
        self.assertEqual([], ours)

    def test_work_at_intervals_begins_with_any_request(self):
        begun: list[ty.Any] = []

        def ensure(keeping: ty.Any) -> None:
            begun.append(keeping)

        name = "openstack_idempotency.wsgi.keeping.Keeping.ensure"
        self.useFixture(fixtures.MonkeyPatch(name, ensure))
        self.send("GET", self.asked.path, None)
        self.assertEqual(1, len(begun))

    def test_other_methods_ignore_the_token(self):
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE"):
            answer = self.send(method, self.asked.path, None, "t")
            self.assertIsNone(self.state(answer), method)
        self.assertEqual([], self.rows())

    def test_a_path_that_the_service_does_not_have(self):
        answer = self.send("POST", "/no/such/path", {}, "t")
        self.assertEqual(404, answer.status_int)
        self.assertEqual("executed", self.state(answer))
        self.assertEqual([], self.rows())


class Misplaced(Simple):
    """Pipelines in which the filter is not where it should be."""

    def another(self, application: ty.Any) -> Filter:
        return Filter(application, self.world.adapter, self.world.conf)

    def test_one_that_has_it_twice(self):
        """The inner one must not wait for the outer one to end."""
        once = Filter.__call__
        outer: list[Filter] = []

        def twice(inner: Filter, environ: ty.Any, answered: ty.Any) -> ty.Any:
            if not outer:
                outer.append(self.another(functools.partial(once, inner)))
            return once(outer[0], environ, answered)

        name = f"{Filter.__module__}.Filter.__call__"
        self.useFixture(fixtures.MonkeyPatch(name, twice))
        for state in ("executed", "replayed"):
            answer = self.once()
            self.assertLess(answer.status_int, 300, answer.text)
            found = answer.headers.getall("X-Client-Token-State")
            self.assertEqual([state], found)

    def test_one_that_has_it_before_the_caller_is_known(self):
        """It says so, once, and its answers say nothing of tokens."""
        log = self.useFixture(fixtures.FakeLogger())
        once = Filter.__call__
        early = self.another(self.world.application)

        def only_early(one: Filter, *given: ty.Any) -> ty.Any:
            ours = functools.partial(once, one)
            return (ours if one is early else one.application)(*given)

        name = f"{Filter.__module__}.Filter.__call__"
        self.useFixture(fixtures.MonkeyPatch(name, only_early))
        for number in range(2):
            given = {**self.samples[self.path].headers, "X-Client-Token": "t"}
            asked = self.wanted(self.path)
            req = self.world.request("POST", asked.path, **given)
            req.json_body = asked.body
            req.content_type = "application/json"
            answer = req.get_response(early)
            self.assertLess(answer.status_int, 300, answer.text)
            self.assertIsNone(self.state(answer), str(number))
        self.assertEqual(1, log.output.count("Client tokens are ignored"))


class Browsers(Simple):
    """Section 1: scripts of the origin that the service lets in."""

    ORIGIN: ty.Final = "https://dashboard.example"

    def test_a_script_in_a_browser_may_send_a_token(self):
        answer = self.send("OPTIONS", self.asked.path, **{
            "Origin": self.ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "X-Client-Token",
        })  # fmt: skip
        allowed = answer.headers["Access-Control-Allow-Headers"]
        self.assertIn("X-Client-Token", allowed)
        answer = self.once(Origin=self.ORIGIN)
        seen = answer.headers["Access-Control-Expose-Headers"]
        self.assertIn("X-Client-Token-State", seen)


_FORM: ty.Final = b'''--b\r
Content-Disposition: form-data; name="name"\r
\r
value\r
--b--\r
'''
# Bodies that are no JSON, or are said to be none, by their types.
_OTHERS: ty.Final = (
    ("multipart/form-data; boundary=b", _FORM),
    ("multipart/form-data; boundary=b", b"no form"),
    ("multipart/form-data", _FORM),
    ("multipart/form-data; charset=unknown; boundary=b", _FORM),
    ("application/x-www-form-urlencoded", b"name=%ff&x"),
    ("application/x-www-form-urlencoded; charset=unknown", b"name=1"),
    ("application/json; charset=unknown", b"[]"),
    ("application/json; charset=utf-16", b"[]\xff"),
    ("application/octet-stream", b"\xff\x00"),
    ("application/xml", b"<name/>"),
    ("text/plain", b"\xff"),
    ("\xff", b"\xff"),
)


class Bodies(Simple):
    """Bodies as servers give them: facts of WSGI servers."""

    def chunked(self, **environ: ty.Any) -> ty.Any:
        given = {"X-Client-Token": "t", **self.samples[self.path].headers}
        req = self.world.request("POST", self.asked.path, **given)
        body = json.dumps(self.asked.body).encode()
        req.environ.update({
            "CONTENT_TYPE": "application/json",
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input": io.BytesIO(body),
            **environ,
        })
        req.environ.pop("CONTENT_LENGTH", None)
        return self.world.send(req)

    def test_one_in_chunks_that_the_server_takes_apart(self):
        first = self.chunked(**{"wsgi.input_terminated": True})
        self.assertEqual("executed", self.state(first), first.text)
        self.assertEqual("replayed", self.state(self.once()))

    def test_one_in_chunks_that_the_server_keeps(self):
        """It is no empty body: uWSGI leaves it in the socket."""
        with self.effects() as seen:
            answer = self.chunked(**{"wsgi.input": io.BytesIO()})
        self.assertEqual(411, answer.status_int)
        self.assertIsNone(self.state(answer))
        self.assertEqual(([], []), (seen, self.rows()))

    def test_one_that_is_too_large(self):
        large = json.dumps({"name": "x" * 200_000}).encode()
        with self.effects() as seen:
            answer = self.send("POST", self.asked.path, large, "t")
        self.assertEqual(413, answer.status_int)
        self.assertIsNone(self.state(answer))
        self.assertEqual(([], []), (seen, self.rows()))

    def test_one_that_is_no_json_is_left_to_the_service(self):
        stock = self.send("POST", self.asked.path, b"{", **self.newest())
        answer = self.send("POST", self.asked.path, b"{", "t", **self.newest())
        self.assertEqual(stock.status_int, answer.status_int)
        self.assertEqual("executed", self.state(answer))
        self.assertEqual([], self.rows())

    def typed(self, type_: str, body: bytes, **given: str) -> ty.Any:
        given = {**self.newest(), **given}
        req = self.world.request("POST", self.asked.path, **given)
        req.body = body
        req.environ["CONTENT_TYPE"] = type_
        return self.world.send(req)

    def test_one_of_another_type_gets_the_service_s_own_answer(self):
        token = {"X-Client-Token": "t"}
        for type_, body in _OTHERS:
            answer = self.typed(type_, body, **token)
            try:
                stock = self.typed(type_, body)
            except Exception:
                # The connection would be closed.
                stock = None
            if stock is None or stock.status_int == 500:
                self.assert_fault(answer, 500, "interrupted")
            else:
                self.assertLess(stock.status_int, 500, type_)
                self.assertEqual(_said(stock), _said(answer), type_)
                self.assertEqual("executed", self.state(answer), type_)
        self.assertEqual([], self.rows())

    def test_order_and_white_space_make_no_difference(self):
        self.once()
        text = json.dumps(self.asked.body, indent=3).encode()
        headers = self.samples[self.path].headers
        answer = self.send("POST", self.asked.path, text, "t", **headers)
        self.assertEqual("replayed", self.state(answer))


_REQUEST_ID = re.compile(r"req-[0-9a-f-]{36}")


def _said(answer: webob.Response) -> tuple[ty.Any, ...]:
    text = _REQUEST_ID.sub("", answer.text)
    return answer.status, answer.headers.get("Content-Type"), text


class LookUp(Simple):
    """Section 8."""

    def look(self, token: str | None = "t", query: str = "", **kw: ty.Any):
        path = f"/os-client-tokens{query and '?'}{query}"
        return self.send("GET", path, token=token, **kw)

    def uses(self, *args: ty.Any, **kw: ty.Any) -> list[ty.Any]:
        answer = self.look(*args, **kw)
        self.assertEqual(200, answer.status_int, answer.text)
        return answer.json["client_tokens"]

    def test_one_that_succeeded(self):
        first = self.once()
        answer = self.look()
        (use,) = answer.json["client_tokens"]
        self.assertEqual("succeeded", use["state"])
        self.assertEqual(first.status_int, use["status"])
        self.assertEqual(f"POST {self.asked.path}", use["target"])
        self.assertIs(True, use["linked"])
        own = first.headers["x-openstack-request-id"]
        self.assertEqual(own, use["request_id"])
        (made,) = use["resources"]
        (bound,) = self.rows(tables.RESOURCES)
        self.assertEqual(
            (bound.kind, bound.resource_id), (made["type"], made["id"])
        )
        (link,) = made["links"]
        where = link["href"].removeprefix("http://localhost")
        where = where.removeprefix(self.world.root)
        self.assertEqual(200, self.send("GET", where).status_int, where)
        self.assertEqual(86400, answer.json["token_ttl"])
        self.assertIs(False, answer.json["retry_safe"])

    def test_of_nothing(self):
        self.assertEqual([], self.uses("unknown"))

    def test_while_it_runs(self):
        answers = []

        def look(reached: Point) -> None:
            if reached is Point.BEFORE_METHOD:
                points.arm(None)
                answers.append(base.elsewhere(self.look))

        points.arm(look)
        self.once()
        (use,) = answers[0].json["client_tokens"]
        self.assertEqual(("running", []), (use["state"], use["resources"]))
        self.assertEqual("1", answers[0].headers["Retry-After"])

    def test_pages(self):
        for token in ("1", "2", "3"):
            self.post(self.path, self.wanted(self.path), token)
        answer = self.look(None, "limit=2")
        self.assertEqual(2, len(answer.json["client_tokens"]))
        (link,) = answer.json["client_tokens_links"]
        _, _, query = link["href"].partition("?")
        self.assertEqual(1, len(self.uses(None, query)))

    def test_with_fewer_roles(self):
        self.once()
        fewer = Caller(roles=("reader",))
        self.assertEqual([{"state": "forbidden"}], self.uses(caller=fewer))

    def test_those_of_others_are_an_admin_s(self):
        self.once()
        another = Caller(user="another", project="other", roles=("admin",))
        self.assertEqual([], self.uses(None, caller=another))
        (use,) = self.uses(None, "all_projects=1", caller=another)
        self.assertEqual(self.rows()[0].project_id, use["project_id"])
        member = Caller(user="another", roles=("member",))
        answer = self.look(None, "all_projects=1", caller=member)
        self.assertEqual(403, answer.status_int)
        self.assertIn("admin", self.fault(answer))

    def test_a_query_that_is_none(self):
        for query in (
            "no=1", "limit=x", "limit=1&limit=2", "all_projects=perhaps",
            "marker=77", "wait=1", "all_projects=1&project_id=p",
            "user_id=%FF", "user_id=%00", "limit=%ff", "%ff=1",
            "project_id=%f0%9f%98%80", f"user_id={'x' * 256}",
        ):  # fmt: skip
            answer = self.look(None, query)
            self.assertEqual(400, answer.status_int, query)
            self.assertTrue(self.fault(answer))

    def test_a_token_that_is_none(self):
        answer = self.look("two words")
        self.assertEqual(400, answer.status_int)
        self.assertIn("not valid", self.fault(answer))
