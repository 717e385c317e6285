# SPDX-License-Identifier: Apache-2.0
"""A service in a pipeline that asks nobody who they are."""

from __future__ import annotations

import pathlib
import typing as ty

import fixtures
from paste import deploy
import webob

from embedded import paste
from tests.services import base
from tests.services.world import write_paste


class NoAuth(base.ServiceTestCase):
    """Has the filter in such a pipeline.

    :cvar place: the paste file, the section of the pipelines, and the filter
        that makes contexts
    :cvar inner: the filters that ours has to have behind itself
    :cvar name: the application in the paste file
    """

    place: ty.ClassVar[tuple[str, str, str]]
    inner: ty.ClassVar[tuple[str, ...]] = ()
    name: ty.ClassVar[str]

    def setUp(self) -> None:
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())

    def load(self, option: str, value: str | None, group: str | None) -> None:
        """Load the service with an option that chooses the pipeline."""
        conf = self.world.conf
        conf.set_override(option, value, group)
        self.addCleanup(conf.clear_override, option, group)
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        service = self.world.adapter.name
        file, section, behind = self.place
        pipelines = paste.installed(service, file)
        paste.add_filter(pipelines, section, behind, service, *self.inner)
        empty = folder / "empty.conf"
        empty.touch()
        write_paste(folder / file, pipelines, empty)
        self.application = deploy.loadapp(
            f"config:{folder / file}", name=self.name
        )

    def ask_for(
        self, method: str, path: str, body: ty.Any = None, **headers: str
    ) -> webob.Response:
        """Send a request of nobody's with a token."""
        req = webob.Request.blank(
            self.world.root + path,
            method=method,
            headers={"X-Client-Token": "t", "Accept": "*/*", **headers},
            environ={"wsgi.multithread": True},
        )
        if body is not None:
            req.json_body = body
            req.content_type = "application/json"
        return req.get_response(self.application)

    def check_that_tokens_are_ignored(self, path: str, body: ty.Any) -> None:
        """They are nobody's; the log says so, once."""
        names = set()
        for _ in range(2):
            answer = self.ask_for("POST", path, body)
            self.assertEqual(201, answer.status_int, answer.text)
            self.assertIsNone(self.state(answer))
            names.add(answer.text)
        self.assertEqual(2, len(names))
        self.assertEqual([], self.rows())
        self.assertEqual(1, self.log.output.count("tokens are ignored"))
        # To clients it is a cloud without client tokens.
        answer = self.ask_for("GET", "/os-client-tokens")
        self.assertEqual(404, answer.status_int)
