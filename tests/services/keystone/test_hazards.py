# SPDX-License-Identifier: Apache-2.0
"""What is particular to Keystone."""

from __future__ import annotations

from keystone.common.rbac_enforcer.enforcer import RBACEnforcer

from openstack_idempotency.middleware.filter import Filter
from tests.services.keystone import base


class PoliciesTest(base.KeystoneTestCase):
    def test_they_are_there_before_the_first_request(self):
        """While one thread loads them, Keystone refuses others."""
        RBACEnforcer()._reset()
        Filter(self.world.application, base.ADAPTER, self.world.conf)
        rules = vars(RBACEnforcer())["_RBACEnforcer__ENFORCER"].rules
        self.assertIn("identity:create_project", rules)
