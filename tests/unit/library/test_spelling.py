# SPDX-License-Identifier: Apache-2.0
"""Paths that an API takes in several forms."""

from __future__ import annotations

import ddt
import testtools

from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.middleware.spelling import Prefixed
from openstack_idempotency.middleware.spelling import Spelling

_SPELLING = Spelling(
    [
        Operation("/big-rooms"),
        Operation("/big_rooms/{room_id}/old_doors"),
        Operation("/wing/halls"),
        Operation("/halls/{hall_id}/walls/{wall_id}/nails"),
    ],
    before=("wing", "tower"),
)


@ddt.ddt
class SpellingTest(testtools.TestCase):
    @ddt.data(
        ("/big_rooms", "/big-rooms"),
        ("/big-rooms.json", "/big-rooms"),
        ("/tower/big_rooms.xml", "/big-rooms"),
        ("/big-rooms/a_b-c.d/old-doors", "/big_rooms/a_b-c.d/old_doors"),
        ("/halls", "/wing/halls"),
        ("/wing/halls", "/wing/halls"),
        ("/wing/halls/1/walls/2/nails", "/halls/1/walls/2/nails"),
    )
    @ddt.unpack
    def test_one_that_the_table_has(self, path, expected):
        self.assertEqual(expected, _SPELLING(path))

    @ddt.data(
        "/",
        "/wing",
        "/cellars.json",
        "/big_rooms/1",
        "/halls/1.json",
        "/wing/big_rooms/1/new_doors",
    )
    def test_others_stay_as_they_are(self, path):
        self.assertEqual(path, _SPELLING(path))


_TABLE = [Operation("/rooms"), Operation("/halls/{hall_id}/nails")]
_PREFIXED = Prefixed(_TABLE)


@ddt.ddt
class PrefixedTest(testtools.TestCase):
    @ddt.data(
        ("/rooms", "/rooms"),
        ("/rooms.json", "/rooms"),
        ("/a-project/rooms", "/rooms"),
        ("/a-project/rooms.json", "/rooms"),
        ("/rooms/1.2/doors.json", "/rooms/1.2/doors"),
        ("/a-project/halls/1/nails", "/halls/1/nails"),
        ("/a-project/os-client-tokens", "/os-client-tokens"),
        ("/rooms/halls", "/rooms/halls"),
    )
    @ddt.unpack
    def test_one_whose_collection_the_table_has(self, path, expected):
        self.assertEqual(expected, _PREFIXED(path))

    @ddt.data("/", "/a-project", "/cellars.json", "/a-project/cellars.json")
    def test_others_stay_as_they_are(self, path):
        self.assertEqual(path, _PREFIXED(path))
