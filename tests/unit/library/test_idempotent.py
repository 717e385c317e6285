# SPDX-License-Identifier: Apache-2.0
"""The decorator: where the protocol begins, and where it keeps out."""

from __future__ import annotations

import inspect
import typing as ty

import ddt

from openstack_idempotency.decorator import decorated
from openstack_idempotency.decorator import idempotent
from tests.unit.library.decorating import Controller
from tests.unit.library.decorating import DecoratorTestCase
from tests.unit.library.decorating import NotingService
from tests.unit.library.decorating import Request
from tests.unit.library.decorating import SERVICE
from tests.unit.library.decorating import with_token


class WovenTest(DecoratorTestCase):
    def test_a_class_s_method(self) -> None:
        req = with_token()
        answer = self.controller.decorated(req, {"a": 1})
        self.assertEqual("performed created {'a': 1}", answer)
        ((method, arguments),) = SERVICE.asked
        self.assertEqual("create", method.__name__)
        self.assertEqual(
            {"self": self.controller, "req": req, "body": {"a": 1}}, arguments
        )

    def test_a_bound_method(self) -> None:
        req = with_token()
        bound = idempotent(self.controller.create, service=SERVICE)
        self.assertEqual("performed created 1", bound(req, 1))
        ((method, arguments),) = SERVICE.asked
        self.assertIs(self.controller, method.__self__)
        self.assertEqual({"req": req, "body": 1}, arguments)

    def test_arguments_by_name(self) -> None:
        req = with_token()
        self.controller.decorated(req=req, body=1)
        self.controller.decorated(body=1, req=req)
        self.controller.decorated(req, body=1)
        given = {"self": self.controller, "req": req, "body": 1}
        self.assertEqual([given] * 3, [args for _, args in SERVICE.asked])

    def test_a_wrong_call_fails_as_it_would_without(self) -> None:
        self.assertRaises(
            TypeError, self.controller.decorated, with_token(), 1, 2
        )
        self.assertEqual([], SERVICE.asked)

    def test_the_ietf_s_header_counts_too(self) -> None:
        req = Request(HTTP_IDEMPOTENCY_KEY="t")
        self.assertIn("performed", self.controller.decorated(req))

    def test_an_invalid_token_is_for_the_service_to_refuse(self) -> None:
        req = Request(HTTP_X_CLIENT_TOKEN="")
        self.assertIn("performed", self.controller.decorated(req))

    def test_the_method_s_own_error_comes_through(self) -> None:
        self.assertRaises(
            KeyError, self.controller.decorated_failure, with_token()
        )
        self.assertRaises(
            KeyError, self.controller.decorated_failure, Request()
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
class KeepsOutTest(DecoratorTestCase):
    def test_without_a_token_the_service_is_not_looked_up(self) -> None:
        # There is none to be found: see MissingServiceTest.
        answer = self.controller.without_service(Request(), 1)
        self.assertEqual("created 1", answer)

    def test_without_a_token_the_service_is_not_asked(self) -> None:
        self.assertEqual("created 1", self.controller.decorated(Request(), 1))
        self.assertEqual([], SERVICE.asked)

    def test_without_a_token_the_environment_stays_as_it_is(self) -> None:
        req = Request()
        before = dict(req.environ)
        self.controller.decorated(req)
        self.assertEqual(before, req.environ)

    def test_a_header_that_the_service_does_not_list_is_not_there(
        self,
    ) -> None:
        only_x = NotingService()
        only_x.headers = ["X-Client-Token"]
        method = idempotent(self.controller.create, service=only_x)
        req = Request(HTTP_IDEMPOTENCY_KEY="t")
        before = dict(req.environ)
        self.assertEqual("created 1", method(req, 1))
        self.assertEqual([], only_x.asked)
        self.assertEqual(before, req.environ)
        self.assertIn("performed", method(with_token(), 1))

    @ddt.data("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
    def test_other_methods_than_post_ignore_the_token(
        self, method: str
    ) -> None:
        answer = self.controller.decorated(with_token(method), 1)
        self.assertEqual("created 1", answer)
        self.assertEqual([], SERVICE.asked)


class OnceTest(DecoratorTestCase):
    def test_a_decorated_method_is_not_decorated_again(self) -> None:
        for method in (Controller.decorated, self.controller.decorated):
            self.assertTrue(decorated(method))
            self.assertEqual(method, idempotent(method))

    def test_an_undecorated_one_is_known(self) -> None:
        self.assertFalse(decorated(Controller.create))
        self.assertFalse(decorated(self.controller.create))

    def test_a_decorated_method_inside_another_is_part_of_it(self) -> None:
        answer = self.controller.decorated_twice(with_token())
        self.assertEqual("performed created 1, created 2", answer)
        self.assertEqual(1, len(SERVICE.asked))

    def test_a_request_can_be_performed_again_afterwards(self) -> None:
        req = with_token()
        before = dict(req.environ)
        self.assertRaises(KeyError, self.controller.decorated_failure, req)
        self.assertEqual(before, req.environ)
        self.assertIn("performed", self.controller.decorated(req))


class MissingServiceTest(DecoratorTestCase):
    def test_the_error_says_what_to_install(self) -> None:
        error = self.assertRaises(
            LookupError, self.controller.without_service, with_token()
        )
        self.assertIn("'tests'", str(error))
        self.assertIn("'openstack_idempotency.service'", str(error))

    def test_nothing_has_run_and_nothing_is_left(self) -> None:
        req = with_token()
        before = dict(req.environ)
        self.assertRaises(LookupError, self.controller.without_service, req)
        self.assertEqual(before, req.environ)
