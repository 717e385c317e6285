# SPDX-License-Identifier: Apache-2.0
"""Neutron with ``auth_strategy = noauth``."""

from __future__ import annotations

from tests.services import noauth
from tests.services.neutron import base


class NoAuthTest(base.NeutronTestCase, noauth.NoAuth):
    place = ("api-paste.ini", "composite:neutronapi_v2_0", "fake_project_id")
    name = "neutron"

    def test_tokens_are_ignored(self):
        self.load("auth_strategy", "noauth", None)
        body = {"network": {"name": "one"}}
        self.check_that_tokens_are_ignored("/networks", body)
