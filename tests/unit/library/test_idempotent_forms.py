# SPDX-License-Identifier: Apache-2.0
"""How a method may be decorated: each form, and other decorators beside."""

from __future__ import annotations

import functools
import typing as ty

from openstack_idempotency.decorator import above
from openstack_idempotency.decorator import decorated
from openstack_idempotency.decorator import idempotent
from tests.unit.library.decorating import Controller
from tests.unit.library.decorating import DecoratorTestCase
from tests.unit.library.decorating import Request
from tests.unit.library.decorating import response
from tests.unit.library.decorating import SERVICE
from tests.unit.library.decorating import with_token


class FormsTest(DecoratorTestCase):
    """With parentheses and without, and whatever the request's name is."""

    def assert_performed(self, method: ty.Any) -> None:
        self.assertTrue(decorated(method))
        req = with_token()
        self.assertEqual("performed 1", method(req, 1))
        self.assertEqual("performed 2", method(req, body=2))
        given = [arguments for _, arguments in SERVICE.asked]
        self.assertEqual(
            [{"req": req, "body": 1}, {"req": req, "body": 2}], given
        )

    def test_with_parentheses(self) -> None:
        @idempotent(service=SERVICE)
        def create(req: Request, body: int) -> int:
            return body

        self.assert_performed(create)

    def test_with_empty_ones(self) -> None:
        @idempotent()
        def create(req: Request, body: int) -> int:
            return body

        self.assertTrue(decorated(create))
        self.assertEqual(1, create(Request(), 1))
        self.assertRaises(LookupError, create, with_token(), 1)

    def test_a_request_of_the_other_name(self) -> None:
        @idempotent(service=SERVICE)
        def create(request: Request, body: int) -> int:
            return body

        self.assert_performed(create)
        self.assertEqual(3, create(request=Request(), body=3))

    def test_a_request_that_is_not_the_first(self) -> None:
        @idempotent(service=SERVICE)
        def create(body: int, *, req: Request) -> int:
            return body

        req = with_token()
        self.assertEqual("performed 1", create(1, req=req))
        self.assertEqual("performed 1", create(req=req, body=1))
        self.assertEqual(1, create(1, req=Request()))
        self.assertEqual(2, len(SERVICE.asked))

    def test_another_argument_with_an_environment_is_no_request(self) -> None:
        @idempotent(service=SERVICE)
        def create(other: Request, req: Request) -> str:
            return "created"

        self.assertEqual("created", create(with_token(), Request()))
        answer = create(Request(), with_token())
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


class OrderTest(DecoratorTestCase):
    """Other decorators may stand above and below."""

    def setUp(self) -> None:
        super().setUp()

        def create(req: Request) -> str:
            return "created"

        self.plain = create

    def outer(self, method: ty.Any) -> ty.Any:
        @functools.wraps(method)
        def outer(*args: ty.Any, **kwargs: ty.Any) -> ty.Any:
            return f"outer {method(*args, **kwargs)}"

        return outer

    def test_the_service_gets_the_method_with_the_decorator(self) -> None:
        method = response(idempotent(self.plain, service=SERVICE))
        method(with_token())
        ((asked, _),) = SERVICE.asked
        self.assertEqual((202,), asked.wsgi_codes)

    def test_what_stands_above_is_run_each_time(self) -> None:
        method = self.outer(idempotent(self.plain, service=SERVICE))
        self.assertEqual("outer performed created", method(with_token()))
        self.assertEqual("outer created", method(Request()))

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
        self.assertEqual("performed outer created", method(with_token()))

    def test_a_bound_method_is_known_like_its_function(self) -> None:
        outer = self.outer(Controller.decorated)
        bound = type("Changed", (Controller,), {"create": outer})().create
        self.assertTrue(decorated(bound))
        self.assertEqual([outer], list(above(bound)))
        self.assertEqual(bound, idempotent(bound))
