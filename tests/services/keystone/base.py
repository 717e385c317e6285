# SPDX-License-Identifier: Apache-2.0
"""The base of Keystone's tests."""

from __future__ import annotations

import typing as ty

import webob

from tests.services import base
from tests.services.keystone import samples
from tests.services.keystone import world as worlds

# First: it names the configuration that the service reads when it is loaded.
WORLD = worlds.keystone()
ADAPTER = WORLD.adapter


class KeystoneTestCase(base.ServiceTestCase):
    world = WORLD
    samples = samples.SAMPLES

    def fault(self, answer: webob.Response) -> str:
        self.assertEqual("application/json", answer.content_type)
        error = answer.json["error"]
        self.assertEqual({"code", "title", "message"}, set(error))
        self.assertEqual(answer.status_int, error["code"])
        return ty.cast("str", error["message"])
