# SPDX-License-Identifier: Apache-2.0
"""The base of Cinder's tests."""

from __future__ import annotations

import contextlib
import typing as ty

import webob

from tests.services import base
from tests.services.cinder import world as worlds

# First: it names the configuration that the service reads when it is loaded.
WORLD = worlds.cinder()
ADAPTER = WORLD.adapter

from tests.services.cinder import samples  # noqa: E402 - it needs the models


class CinderTestCase(base.ServiceTestCase):
    world = WORLD
    samples = samples.SAMPLES
    books = ("quota_usages", "reservations", "workers")

    def newest(self) -> dict[str, str]:
        return {"OpenStack-API-Version": "volume latest"}

    @contextlib.contextmanager
    def effects(self) -> ty.Iterator[list[str]]:
        """Collect what other services were called for, too."""
        before = len(worlds.ANSWERED)
        with super().effects() as seen:
            yield seen
        seen += [f"CALL {name}" for name in worlds.ANSWERED[before:]]

    def fault(self, answer: webob.Response) -> str:
        self.assertEqual("application/json", answer.content_type)
        (error,) = answer.json.values()
        self.assertEqual({"code", "message"}, set(error))
        self.assertEqual(answer.status_int, error["code"])
        return ty.cast("str", error["message"])
