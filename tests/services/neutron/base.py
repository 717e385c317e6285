# SPDX-License-Identifier: Apache-2.0
"""The base of Neutron's tests."""

from __future__ import annotations

import typing as ty

import webob

from tests.services import base
from tests.services.neutron import samples
from tests.services.neutron import world as worlds

# First: it names the configuration that the service reads when it is loaded.
WORLD = worlds.neutron()
ADAPTER = WORLD.adapter


class NeutronTestCase(base.ServiceTestCase):
    world = WORLD
    samples = samples.SAMPLES
    books = ("reservations", "resourcedeltas")

    def fault(self, answer: webob.Response) -> str:
        self.assertEqual("application/json", answer.content_type)
        error = answer.json["NeutronError"]
        self.assertEqual({"type", "message", "detail"}, set(error))
        return ty.cast("str", error["message"])
