# SPDX-License-Identifier: Apache-2.0
"""Nova's name for the decorator does what the library's does."""

from __future__ import annotations

import inspect
import typing as ty

import testtools
import webob

from nova.openstack.common.idempotent import idempotent
from openstack_idempotency import decorator


class _Service:
    headers = ("X-Client-Token",)

    def perform(
        self, method: ty.Any, arguments: dict[str, ty.Any], call: ty.Any
    ) -> str:
        return f"performed {call()}"


class DecoratorTest(testtools.TestCase):
    def _send(self, create: ty.Any, token: str | None) -> str:
        req = webob.Request.blank("/servers", method="POST")
        if token is not None:
            req.headers["X-Client-Token"] = token
        answer: str = create(None, req, {})
        return answer

    def test_both_forms_give_a_request_with_a_token_to_the_service(
        self,
    ) -> None:
        def create(self: ty.Any, req: ty.Any, body: ty.Any) -> str:
            return "created"

        service = _Service()
        for form in (
            idempotent(service=service)(create),
            idempotent(create, service=service),
        ):
            self.assertEqual("performed created", self._send(form, "t"))
            self.assertEqual("created", self._send(form, None))
            self.assertEqual(
                inspect.signature(create), inspect.signature(form)
            )
            self.assertTrue(decorator.decorated(form))
            self.assertIs(form, idempotent(form))
