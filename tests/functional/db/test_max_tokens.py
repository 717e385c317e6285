# SPDX-License-Identifier: Apache-2.0
"""Which rows count against a user while secrets are rotated: section 6."""

from __future__ import annotations

from openstack_idempotency.fixture.contract import ONE
from openstack_idempotency.fixture.contract import SCOPE
from openstack_idempotency.fixture.contract import TWO
from openstack_idempotency.protocol.use import Freeing
from tests.functional.db import base


@base.on_each_backend
class _Rotation(base.StoreTestCase):
    def test_a_token_counts_once_under_however_many_secrets(self) -> None:
        for token in ("a", "b"):
            self.hold(token=token, secrets=(ONE, TWO))
        self.hold(token="c", secrets=(ONE,))
        self.assertEqual(3, self.store.young(SCOPE))

    def test_what_was_refused_does_not_count(self) -> None:
        # Its rows stay, since others lead to them.
        refused = self.hold(secrets=(ONE, TWO))
        self.assertIs(Freeing.FREED, self.free(refused))
        self.clock.forward(1)
        self.assertEqual(0, self.store.young(SCOPE))

    def test_used_again_it_counts_again(self) -> None:
        self.free(self.hold(secrets=(ONE, TWO)))
        self.clock.forward(1)
        self.take("rerun", secrets=(ONE, TWO))
        self.assertEqual(1, self.store.young(SCOPE))
