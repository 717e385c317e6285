# SPDX-License-Identifier: Apache-2.0
"""The decorator: where the protocol begins, and where it keeps out."""

from __future__ import annotations

import functools
import inspect
import typing as ty

import ddt
import testtools

from openstack_idempotency.decorator import above
from openstack_idempotency.decorator import decorated
from openstack_idempotency.decorator import idempotent
from openstack_idempotency.protocol import headers


class _Request:
    def __init__(self, method: str = "POST", **headers: str) -> None:
        self.environ = {"REQUEST_METHOD": method, **headers}


def _with_token(method: str = "POST") -> _Request:
    return _Request(method, HTTP_X_CLIENT_TOKEN="t")


class _Service:
    """Notes what it is asked to perform, and performs it."""

    headers: ty.Collection[str] = headers.TOKENS

    def __init__(self) -> None:
        self.asked: list[tuple[ty.Any, dict[str, ty.Any]]] = []

    def perform(self, method: ty.Any, arguments: ty.Any, call: ty.Any) -> str:
        self.asked.append((method, arguments))
        return f"performed {call()}"


SERVICE = _Service()


def _response(method: ty.Any) -> ty.Any:
    """Note a code at a method, as wsgi.response does, which wraps nothing."""
    method.wsgi_codes = (202,)
    return method


class _Controller:
    """Not one of a service that has an entry point."""

    @_response
    def create(self, req: _Request, body: ty.Any = None) -> str:
        """Create something."""
        return f"created {body}"

    def fail(self, req: _Request) -> str:
        raise KeyError("its own")

    def twice(self, req: _Request) -> str:
        return f"{self.decorated(req, 1)}, {self.decorated(req, 2)}"

    decorated = idempotent(create, service=SERVICE)
    decorated_failure = idempotent(fail, service=SERVICE)
    decorated_twice = idempotent(twice, service=SERVICE)
    without_service = idempotent(create)


class _TestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        SERVICE.asked.clear()
        self.controller = _Controller()


class WovenTest(_TestCase):
    def test_a_class_s_method(self) -> None:
        req = _with_token()
        answer = self.controller.decorated(req, {"a": 1})
        self.assertEqual("performed created {'a': 1}", answer)
        ((method, arguments),) = SERVICE.asked
        self.assertEqual("create", method.__name__)
        self.assertEqual(
            {"self": self.controller, "req": req, "body": {"a": 1}}, arguments
        )

    def test_a_bound_method(self) -> None:
        req = _with_token()
        bound = idempotent(self.controller.create, service=SERVICE)
        self.assertEqual("performed created 1", bound(req, 1))
        ((method, arguments),) = SERVICE.asked
        self.assertIs(self.controller, method.__self__)
        self.assertEqual({"req": req, "body": 1}, arguments)

    def test_arguments_by_name(self) -> None:
        req = _with_token()
        self.controller.decorated(req=req, body=1)
        self.controller.decorated(body=1, req=req)
        self.controller.decorated(req, body=1)
        given = {"self": self.controller, "req": req, "body": 1}
        self.assertEqual([given] * 3, [args for _, args in SERVICE.asked])

    def test_a_wrong_call_fails_as_it_would_without(self) -> None:
        self.assertRaises(
            TypeError, self.controller.decorated, _with_token(), 1, 2
        )
        self.assertEqual([], SERVICE.asked)

    def test_the_ietf_s_header_counts_too(self) -> None:
        req = _Request(HTTP_IDEMPOTENCY_KEY="t")
        self.assertIn("performed", self.controller.decorated(req))

    def test_an_invalid_token_is_for_the_service_to_refuse(self) -> None:
        req = _Request(HTTP_X_CLIENT_TOKEN="")
        self.assertIn("performed", self.controller.decorated(req))

    def test_the_method_s_own_error_comes_through(self) -> None:
        self.assertRaises(
            KeyError, self.controller.decorated_failure, _with_token()
        )
        self.assertRaises(
            KeyError, self.controller.decorated_failure, _Request()
        )

    def test_what_others_read_of_the_method_is_kept(self) -> None:
        method: ty.Any
        for method in (
            self.controller.decorated,
            idempotent(self.controller.create, service=SERVICE),
        ):
            self.assertEqual("create", method.__name__)
            self.assertEqual("Create something.", method.__doc__)
            self.assertEqual((202,), method.wsgi_codes)
            self.assertEqual(
                inspect.signature(self.controller.create),
                inspect.signature(method),
            )


@ddt.ddt
class KeepsOutTest(_TestCase):
    def test_without_a_token_the_service_is_not_looked_up(self) -> None:
        # There is none to be found: see MissingServiceTest.
        answer = self.controller.without_service(_Request(), 1)
        self.assertEqual("created 1", answer)

    def test_without_a_token_the_service_is_not_asked(self) -> None:
        self.assertEqual("created 1", self.controller.decorated(_Request(), 1))
        self.assertEqual([], SERVICE.asked)

    def test_without_a_token_the_environment_stays_as_it_is(self) -> None:
        req = _Request()
        before = dict(req.environ)
        self.controller.decorated(req)
        self.assertEqual(before, req.environ)

    def test_a_header_that_the_service_does_not_list_is_not_there(
        self,
    ) -> None:
        only_x = _Service()
        only_x.headers = ["X-Client-Token"]
        method = idempotent(self.controller.create, service=only_x)
        req = _Request(HTTP_IDEMPOTENCY_KEY="t")
        before = dict(req.environ)
        self.assertEqual("created 1", method(req, 1))
        self.assertEqual([], only_x.asked)
        self.assertEqual(before, req.environ)
        self.assertIn("performed", method(_with_token(), 1))

    @ddt.data("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
    def test_other_methods_than_post_ignore_the_token(
        self, method: str
    ) -> None:
        answer = self.controller.decorated(_with_token(method), 1)
        self.assertEqual("created 1", answer)
        self.assertEqual([], SERVICE.asked)


class OnceTest(_TestCase):
    def test_a_decorated_method_is_not_decorated_again(self) -> None:
        for method in (_Controller.decorated, self.controller.decorated):
            self.assertTrue(decorated(method))
            self.assertEqual(method, idempotent(method))

    def test_an_undecorated_one_is_known(self) -> None:
        self.assertFalse(decorated(_Controller.create))
        self.assertFalse(decorated(self.controller.create))

    def test_a_decorated_method_inside_another_is_part_of_it(self) -> None:
        answer = self.controller.decorated_twice(_with_token())
        self.assertEqual("performed created 1, created 2", answer)
        self.assertEqual(1, len(SERVICE.asked))

    def test_a_request_can_be_performed_again_afterwards(self) -> None:
        req = _with_token()
        before = dict(req.environ)
        self.assertRaises(KeyError, self.controller.decorated_failure, req)
        self.assertEqual(before, req.environ)
        self.assertIn("performed", self.controller.decorated(req))


class FormsTest(_TestCase):
    """With parentheses and without, and whatever the request's name is."""

    def assert_performed(self, method: ty.Any) -> None:
        self.assertTrue(decorated(method))
        req = _with_token()
        self.assertEqual("performed 1", method(req, 1))
        self.assertEqual("performed 2", method(req, body=2))
        given = [arguments for _, arguments in SERVICE.asked]
        self.assertEqual(
            [{"req": req, "body": 1}, {"req": req, "body": 2}], given
        )

    def test_with_parentheses(self) -> None:
        @idempotent(service=SERVICE)
        def create(req: _Request, body: int) -> int:
            return body

        self.assert_performed(create)

    def test_with_empty_ones(self) -> None:
        @idempotent()
        def create(req: _Request, body: int) -> int:
            return body

        self.assertTrue(decorated(create))
        self.assertEqual(1, create(_Request(), 1))
        self.assertRaises(LookupError, create, _with_token(), 1)

    def test_a_request_of_the_other_name(self) -> None:
        @idempotent(service=SERVICE)
        def create(request: _Request, body: int) -> int:
            return body

        self.assert_performed(create)
        self.assertEqual(3, create(request=_Request(), body=3))

    def test_a_request_that_is_not_the_first(self) -> None:
        @idempotent(service=SERVICE)
        def create(body: int, *, req: _Request) -> int:
            return body

        req = _with_token()
        self.assertEqual("performed 1", create(1, req=req))
        self.assertEqual("performed 1", create(req=req, body=1))
        self.assertEqual(1, create(1, req=_Request()))
        self.assertEqual(2, len(SERVICE.asked))

    def test_another_argument_with_an_environment_is_no_request(self) -> None:
        @idempotent(service=SERVICE)
        def create(other: _Request, req: _Request) -> str:
            return "created"

        self.assertEqual("created", create(_with_token(), _Request()))
        answer = create(_Request(), _with_token())
        self.assertEqual("performed created", answer)

    def test_a_method_without_a_request_is_refused_at_once(self) -> None:
        def neither(context: ty.Any, body: ty.Any) -> None:
            pass

        def anything(*args: ty.Any, **kwargs: ty.Any) -> None:
            pass

        for method in (neither, anything):
            for decorate in (idempotent, idempotent(service=SERVICE)):
                error = self.assertRaises(TypeError, decorate, method)
                self.assertIn(method.__qualname__, str(error))
                self.assertIn("'req' or 'request'", str(error))
                self.assertIn("Rename the parameter", str(error))

    def test_a_call_without_a_request_is_the_method_s_to_fail_at(self) -> None:
        for call in (
            self.controller.decorated,
            functools.partial(self.controller.decorated, body=1),
        ):
            error = self.assertRaises(TypeError, call)
            self.assertIn("'req'", str(error))


class OrderTest(_TestCase):
    """Other decorators may stand above and below."""

    def setUp(self) -> None:
        super().setUp()

        def create(req: _Request) -> str:
            return "created"

        self.plain = create

    def outer(self, method: ty.Any) -> ty.Any:
        @functools.wraps(method)
        def outer(*args: ty.Any, **kwargs: ty.Any) -> ty.Any:
            return f"outer {method(*args, **kwargs)}"

        return outer

    def test_the_service_gets_the_method_with_the_decorator(self) -> None:
        method = _response(idempotent(self.plain, service=SERVICE))
        method(_with_token())
        ((asked, _),) = SERVICE.asked
        self.assertEqual((202,), asked.wsgi_codes)

    def test_what_stands_above_is_run_each_time(self) -> None:
        method = self.outer(idempotent(self.plain, service=SERVICE))
        self.assertEqual("outer performed created", method(_with_token()))
        self.assertEqual("outer created", method(_Request()))

    def test_what_stands_above_is_known(self) -> None:
        inner = idempotent(self.plain, service=SERVICE)
        once = self.outer(inner)
        twice = self.outer(once)
        self.assertEqual([], list(above(inner)))
        self.assertEqual([once], list(above(once)))
        self.assertEqual([twice, once], list(above(twice)))

    def test_what_stands_below_is_not_above(self) -> None:
        method = idempotent(self.outer(self.plain), service=SERVICE)
        self.assertEqual([], list(above(method)))
        self.assertEqual("performed outer created", method(_with_token()))

    def test_a_bound_method_is_known_like_its_function(self) -> None:
        outer = self.outer(_Controller.decorated)
        bound = type("Changed", (_Controller,), {"create": outer})().create
        self.assertTrue(decorated(bound))
        self.assertEqual([outer], list(above(bound)))
        self.assertEqual(bound, idempotent(bound))


class MissingServiceTest(_TestCase):
    def test_the_error_says_what_to_install(self) -> None:
        error = self.assertRaises(
            LookupError, self.controller.without_service, _with_token()
        )
        self.assertIn("'tests'", str(error))
        self.assertIn("'openstack_idempotency.service'", str(error))

    def test_nothing_has_run_and_nothing_is_left(self) -> None:
        req = _with_token()
        before = dict(req.environ)
        self.assertRaises(LookupError, self.controller.without_service, req)
        self.assertEqual(before, req.environ)
