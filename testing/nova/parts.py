# SPDX-License-Identifier: Apache-2.0
"""What in the tests' Nova differs from that of Nova's own tests."""

from __future__ import annotations

import functools
import pathlib
import typing as ty

import fixtures
from oslo_middleware import request_id

from embedded import paste
from nova.api import auth
from nova.compute import api as compute_api
from nova.tests import fixtures as nova_fixtures
from openstack_idempotency.engine import periodic


class PasteFile(fixtures.Fixture):
    """Upstream's api-paste.ini, with the line that turns us on or without.

    :param woven: whether it has the line
    :param older: whether /v2 is served, too: to load it takes as long again
    """

    def __init__(self, *, woven: bool, older: bool = False) -> None:
        self._woven = woven
        self._older = older

    def _setUp(self) -> None:
        self.path = self.useFixture(fixtures.TempDir()).join("api-paste.ini")
        pipelines = paste.installed()
        if self._woven:
            paste.turn_on(pipelines)
        if not self._older:
            pipelines.remove_option("composite:osapi_compute", "/v2/+")
        pathlib.Path(self.path).write_text(paste.text(pipelines))


class Api(nova_fixtures.OSAPIFixture):  # type: ignore[misc]
    """Nova's fixture, with contexts that know their request's id."""

    def setUp(self) -> None:
        # Two hundred controllers make one each, which are all the same.
        one = functools.cache(compute_api.API)
        with fixtures.MonkeyPatch("nova.compute.api.API", one):
            super().setUp()

    def _stub_keystone(self) -> None:
        super()._stub_keystone()
        # As the real middleware does, and unlike Nova's stub of it.
        stub = auth.NovaKeystoneContext._create_context
        name = "nova.api.auth.NovaKeystoneContext._create_context"

        def named(env: ty.Any, **kwargs: ty.Any) -> ty.Any:
            named_by = env[request_id.ENV_REQUEST_ID]
            return stub(env, request_id=named_by, **kwargs)

        self.useFixture(fixtures.MonkeyPatch(name, named))


class Flavors(nova_fixtures.DefaultFlavorsFixture):  # type: ignore[misc]
    """Nova's fixture; nobody is notified of the flavors, which takes long."""

    def setUp(self) -> None:
        tell = "nova.objects.flavor.Flavor._send_notification"
        with fixtures.MonkeyPatch(tell, lambda *_: None):
            super().setUp()


class Threads(fixtures.Fixture):
    """Lets no thread of ours do anything after its test.

    It would use, and start, the database of the next one.
    """

    def _setUp(self) -> None:
        prepare = periodic.Periodic.__init__

        def prepared(thread: ty.Any, *args: ty.Any, **kwargs: ty.Any) -> None:
            prepare(thread, *args, **kwargs)
            self.addCleanup(setattr, thread, "_work", lambda: None)
            self.addCleanup(setattr, thread, "_needed", lambda: False)

        self.useFixture(
            fixtures.MockPatchObject(periodic.Periodic, "__init__", prepared)
        )
