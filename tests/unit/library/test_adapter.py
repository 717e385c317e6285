# SPDX-License-Identifier: Apache-2.0
"""What adapters of several services are made of."""

from __future__ import annotations

import types

import ddt
import testtools

from openstack_idempotency.middleware import adapter

_VERSION = adapter.version_in("Version", "rooms", "1.0")


@ddt.ddt
class VersionTest(testtools.TestCase):
    @ddt.data(
        ("rooms 1.7", "1.7"),
        (" rooms  1.7 ", "1.7"),
        ("rooms latest", "latest"),
        ("halls 2.1, rooms 1.7", "1.7"),
        ("rooms 1.7,halls 2.1", "1.7"),
    )
    @ddt.unpack
    def test_what_is_asked_for(self, given, expected):
        self.assertEqual(expected, _VERSION({"Version": given}))

    def test_nothing_is_the_least(self):
        self.assertEqual("1.0", _VERSION({}))

    @ddt.data("halls 2.1", "1.7", "")
    def test_what_the_service_refuses_stays_as_it_is(self, given):
        self.assertEqual(given, _VERSION({"Version": given}))


class CallerTest(testtools.TestCase):
    def test_a_caller_who_is_known(self):
        context = types.SimpleNamespace(user_id="a")
        found = adapter.caller_at("a.context")({"a.context": context})
        self.assertIs(context, found)

    def test_nobody(self):
        caller = adapter.caller_at("a.context")
        self.assertIsNone(caller({}))
        nobody = types.SimpleNamespace(user_id=None)
        self.assertIsNone(caller({"a.context": nobody}))
