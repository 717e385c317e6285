# SPDX-License-Identifier: Apache-2.0
"""How the API has client tokens, and so how they are turned off."""

from __future__ import annotations

import pathlib

import fixtures
from oslo_config import cfg
import testtools

from nova.idempotency import presence

_WITH = f"[app:osapi_compute_app_v21]\npaste.app_factory = {presence.ROUTER}\n"
_WITHOUT = "[app:osapi_compute_app_v21]\npaste.app_factory = nova:another\n"


class _Presence(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.conf = cfg.ConfigOpts()
        paste = cfg.StrOpt("api_paste_config", default="api-paste.ini")
        self.conf.register_opt(paste, group="wsgi")
        self.conf(["--config-dir", str(self.folder)])

    def write_paste(self, text: str) -> None:
        (self.folder / "api-paste.ini").write_text(text)


class RouterTest(_Presence):
    """Nova's source is upstream's."""

    def test_with_our_line(self) -> None:
        self.write_paste(_WITH)
        self.assertIs(True, presence.turned_on(self.conf))

    def test_with_upstream_s(self) -> None:
        self.write_paste(_WITHOUT)
        self.assertIs(False, presence.turned_on(self.conf))

    def test_what_is_no_ini_file(self) -> None:
        self.write_paste("no section")
        self.assertIsNone(presence.turned_on(self.conf))

    def test_no_file(self) -> None:
        self.assertIsNone(presence.turned_on(self.conf))

    def test_the_line_turns_them_off(self) -> None:
        self.assertIn("api-paste.ini", presence.turn_off())


class SourceTest(_Presence):
    """Nova's source has the decorator, and api-paste.ini is upstream's."""

    def setUp(self) -> None:
        super().setUp()
        controllers = self.folder / "api" / "openstack" / "compute"
        controllers.mkdir(parents=True)
        (controllers / "servers.py").write_text(
            "from nova.openstack.common.idempotent import idempotent\n"
        )
        self.useFixture(
            fixtures.MockPatch(
                "importlib.resources.files", lambda package: self.folder
            )
        )
        self.write_paste(_WITHOUT)

    def test_it_is_turned_on(self) -> None:
        self.assertIs(True, presence.turned_on(self.conf))

    def test_the_line_does_not_turn_them_off(self) -> None:
        self.assertNotIn("api-paste.ini", presence.turn_off())
        self.assertIn("@idempotent", presence.turn_off())
