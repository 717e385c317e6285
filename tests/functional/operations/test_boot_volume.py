# SPDX-License-Identifier: Apache-2.0
"""Upstream's /os-volumes_boot where it always fails: in nova 33 and 34.

Other tests repair it, see :class:`testing.nova.releases.BootVolume`. When
these fail, upstream has done so: say in that module until which release it
failed.
"""

from __future__ import annotations

import typing as ty

from testing.nova import base
from testing.nova import cloud
from testing.nova import releases
from testing.nova import samples

_PATH = "/os-volumes_boot"
_CREATE = (_PATH, samples.SAMPLES[_PATH, None].body)
_STOP = (f"{_PATH}/{cloud.SERVER}/action", {"os-stop": None})


class Fails(base.Mixin):
    """It is not us: upstream's own router does the same."""

    woven = False

    def test_it_fails(self) -> None:
        for request in (_CREATE, _STOP):
            self.assert_fails(self.post(*request))

    def assert_fails(self, answer: ty.Any) -> None:
        self.assert_fault(answer, 500, "HTTPInternalServerError")


class FailsWoven(Fails):
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


class Works(base.Mixin):
    """Where upstream's works it is not repaired."""

    def test_it_works(self) -> None:
        first = self.post(*_CREATE, "t")
        self.assertEqual(202, first.status_code, first.content)
        self.assertEqual(first.content, self.post(*_CREATE, "t").content)


_SCENARIOS = (Fails, FailsWoven) if releases.BOOT_VOLUME_FAILS else (Works,)
for _scenario in _SCENARIOS:
    globals().update(base.on_each_database(_scenario, ("sqlite",)))
