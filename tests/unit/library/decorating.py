# SPDX-License-Identifier: Apache-2.0
"""A controller with decorated methods, and the service that they ask."""

from __future__ import annotations

import typing as ty

import testtools

from openstack_idempotency.decorator import idempotent
from openstack_idempotency.protocol import headers


class Request:
    def __init__(self, method: str = "POST", **headers: str) -> None:
        self.environ = {"REQUEST_METHOD": method, **headers}


def with_token(method: str = "POST") -> Request:
    return Request(method, HTTP_X_CLIENT_TOKEN="t")


class NotingService:
    """Notes what it is asked to perform, and performs it."""

    headers: ty.Collection[str] = headers.TOKENS

    def __init__(self) -> None:
        self.asked: list[tuple[ty.Any, dict[str, ty.Any]]] = []

    def perform(self, method: ty.Any, arguments: ty.Any, call: ty.Any) -> str:
        self.asked.append((method, arguments))
        return f"performed {call()}"


SERVICE = NotingService()


def response(method: ty.Any) -> ty.Any:
    """Note a code at a method, as wsgi.response does, which wraps nothing."""
    method.wsgi_codes = (202,)
    return method


class Controller:
    """Not one of a service that has an entry point."""

    @response
    def create(self, req: Request, body: ty.Any = None) -> str:
        """Create something."""
        return f"created {body}"

    def fail(self, req: Request) -> str:
        raise KeyError("its own")

    def twice(self, req: Request) -> str:
        return f"{self.decorated(req, 1)}, {self.decorated(req, 2)}"

    decorated = idempotent(create, service=SERVICE)
    decorated_failure = idempotent(fail, service=SERVICE)
    decorated_twice = idempotent(twice, service=SERVICE)
    without_service = idempotent(create)


class DecoratorTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        SERVICE.asked.clear()
        self.controller = Controller()
