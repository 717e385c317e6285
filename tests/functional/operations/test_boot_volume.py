# SPDX-License-Identifier: Apache-2.0
"""Upstream's /os-volumes_boot as it is in nova 34.0.0: it always fails.

Other tests repair it, see :mod:`tests.functional.operations.upstream`. When
these fail, upstream has done so: take that module away, and these with it.
"""

from __future__ import annotations

import typing as ty

from tests.functional import base
from tests.functional.operations import cloud
from tests.functional.operations import samples

_PATH = "/os-volumes_boot"
_CREATE = (_PATH, samples.SAMPLES[_PATH, None].body)
_STOP = (f"{_PATH}/{cloud.SERVER}/action", {"os-stop": None})


class Upstream(base.TestCase):
    """It is not us: upstream's own router does the same."""

    woven = False

    def test_it_fails(self) -> None:
        for request in (_CREATE, _STOP):
            self.assert_fails(self.post(*request))

    def assert_fails(self, answer: ty.Any) -> None:
        self.assert_fault(answer, 500, "HTTPInternalServerError")


class Woven(Upstream):
    """With a token it fails in the same way."""

    woven = True

    def test_a_create_frees_its_token(self) -> None:
        for _ in range(2):
            answer = self.post(*_CREATE, "t")
            self.assert_fails(answer)
            self.assertNotIn("Idempotent-Replayed", answer.headers)
        self.assertEqual([], self.rows())

    def test_an_action_does_not_run_again(self) -> None:
        first = self.post(*_STOP, "t")
        again = self.post(*_STOP, "t")
        self.assert_fails(first)
        self.assertEqual(first.content, again.content)
        self.assertEqual("true", again.headers["Idempotent-Replayed"])
