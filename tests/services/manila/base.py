# SPDX-License-Identifier: Apache-2.0
"""The base of Manila's tests."""

from __future__ import annotations

import typing as ty

import webob

from tests.services import base
from tests.services.manila import samples
from tests.services.manila import world as worlds

# First: it names the configuration that the service reads when it is loaded.
WORLD = worlds.manila()
ADAPTER = WORLD.adapter


class ManilaTestCase(base.ServiceTestCase):
    world = WORLD
    samples = samples.SAMPLES

    def newest(self) -> dict[str, str]:
        return dict(samples.NEWEST)

    def fault(self, answer: webob.Response) -> str:
        self.assertEqual("application/json", answer.content_type)
        (error,) = answer.json.values()
        self.assertEqual(answer.status_int, error["code"])
        return ty.cast("str", error["message"])
