# SPDX-License-Identifier: Apache-2.0
"""A whole Nova in one process, with its own fixtures and our paste line."""

from __future__ import annotations

import configparser
import os
import sys
import typing as ty

import fixtures
from oslo_serialization import jsonutils

from nova.idempotency import service
from nova.tests.functional import integrated_helpers
from tests.functional import databases

SECRET = "functional tests only, no secret: 0123456789"

_APP = "app:osapi_compute_app_v21"
_FACTORY = "nova.idempotency.router:APIRouterV21.factory"


class PasteFile(fixtures.Fixture):
    """Upstream's api-paste.ini with the line that turns us on."""

    def _setUp(self) -> None:
        paste = configparser.RawConfigParser()
        paste.optionxform = str  # type: ignore[assignment, method-assign]
        paste.read(os.path.join(sys.prefix, "etc", "nova", "api-paste.ini"))
        paste.set(_APP, "paste.app_factory", _FACTORY)
        self.path = self.useFixture(fixtures.TempDir()).join("api-paste.ini")
        with open(self.path, "w") as file:
            paste.write(file)


class TestCase(integrated_helpers._IntegratedTestBase):  # type: ignore[misc]
    """Nova's API, conductor, scheduler and one compute on a fake driver."""

    REQUIRES_LOCKING = False
    microversion = "2.90"

    #: Where Nova's API database is, see :mod:`tests.functional.databases`.
    backend: ty.ClassVar[str] = "sqlite"
    #: Options of group [idempotency] beside the secret.
    options: ty.ClassVar[dict[str, ty.Any]] = {}

    def setUp(self) -> None:
        database = databases.replacement(self.backend)
        patch = fixtures.MonkeyPatch("nova.tests.fixtures.Database", database)
        self.useFixture(patch)
        super().setUp()

    def _setup_services(self) -> None:
        options = {"secret": [SECRET], **self.options}
        service.options.register_opts(service.nova.conf.CONF)
        self.flags(group="idempotency", **options)
        self.flags(
            group="wsgi", api_paste_config=self.useFixture(PasteFile()).path
        )
        service.from_configuration.cache_clear()
        self.addCleanup(service.from_configuration.cache_clear)
        super()._setup_services()

    def post(
        self,
        path: str,
        body: ty.Any,
        token: str | None = None,
        api: ty.Any = None,
        **headers: str,
    ) -> ty.Any:
        """Send a POST, and return the answer whatever its status is."""
        if token is not None:
            headers["X-Client-Token"] = token
        return (api or self.api).api_request(
            path,
            method="POST",
            body=jsonutils.dump_as_bytes(body),
            headers={"Content-Type": "application/json", **headers},
        )
