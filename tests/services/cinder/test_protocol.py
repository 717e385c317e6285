# SPDX-License-Identifier: Apache-2.0
"""The protocol, with volumes."""

from __future__ import annotations

import webob

from tests.services import protocol
from tests.services.cinder import base


class _Simple(base.CinderTestCase):
    path = "/volumes"


class RefusedTest(_Simple, protocol.Refused):
    pass


class ScopeTest(_Simple, protocol.Scope):
    pass


class PassingTest(_Simple, protocol.Passing):
    def forget(self, req: webob.Request) -> None:
        del req.headers["X-User-Id"]


class BrowsersTest(_Simple, protocol.Browsers):
    pass


class MisplacedTest(_Simple, protocol.Misplaced):
    pass


class BodiesTest(_Simple, protocol.Bodies):
    pass


class LookUpTest(_Simple, protocol.LookUp):
    pass
