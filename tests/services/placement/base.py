# SPDX-License-Identifier: Apache-2.0
"""The base of placement's tests."""

from __future__ import annotations

import typing as ty

import webob

from tests.services import base
from tests.services.placement import world as worlds

# First: it names the configuration that the service reads when it is loaded.
WORLD = worlds.placement()
ADAPTER = WORLD.adapter


class PlacementTestCase(base.ServiceTestCase):
    world = WORLD
    samples = worlds.SAMPLES

    def newest(self) -> dict[str, str]:
        return dict(worlds.NEWEST)

    def fault(self, answer: webob.Response) -> str:
        self.assertEqual("application/json", answer.content_type)
        (error,) = answer.json["errors"]
        self.assertEqual(answer.status_int, error["status"])
        self.assertEqual(
            answer.headers["x-openstack-request-id"], error["request_id"]
        )
        return ty.cast("str", error["detail"])
