# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import uuid

import ddt
import testtools

from openstack_idempotency_client import token
from openstack_idempotency_client.clock import ServerClock
from openstack_idempotency_client.token import ClientToken
from openstack_idempotency_client.token import ClientTokenError


@ddt.ddt
class ClientTokenTest(testtools.TestCase):
    def test_all_visible_ascii_but_the_comma_is_accepted(self):
        text = "".join(map(chr, range(0x21, 0x7F))).replace(",", "")
        self.assertEqual(text, ClientToken(text).value)

    def test_shortest_and_longest_are_accepted(self):
        for length in (1, 255):
            self.assertEqual("x" * length, ClientToken("x" * length).value)

    def test_empty_is_refused(self):
        error = self.assertRaises(ClientTokenError, ClientToken, "")
        self.assertIn("empty", str(error))

    def test_too_long_is_refused(self):
        error = self.assertRaises(ClientTokenError, ClientToken, "x" * 256)
        self.assertIn("256 characters", str(error))
        self.assertNotIn("xxx", str(error))

    @ddt.data(" ", "\t", "\n", "\0", "\x7f", "\xd7", "\u2028", "\udce9")
    def test_other_characters_are_refused_by_position(self, bad):
        error = self.assertRaises(
            ClientTokenError, ClientToken, f"secret{bad}"
        )
        self.assertIn("character 7 ", str(error))
        self.assertNotIn("secret", str(error))

    def test_a_comma_is_refused_by_its_position(self):
        for text, place in (("secret,1", 7), (",secret", 1), ("secret,,", 7)):
            error = self.assertRaises(ClientTokenError, ClientToken, text)
            self.assertIn(f"character {place} ", str(error))
            self.assertIn("comma", str(error))
            self.assertNotIn("secret", str(error))

    def test_value_stays_out_of_its_representation(self):
        self.assertNotIn("secret", repr(ClientToken("secret")))


class MakeTest(testtools.TestCase):
    def test_tells_its_age_and_is_no_other(self):
        made = {token_of(1_700_000_000.5) for _ in range(1000)}
        self.assertEqual(1000, len(made))
        for number in made:
            self.assertEqual(7, number.version)
            self.assertEqual(uuid.RFC_4122, number.variant)
            self.assertEqual(1_700_000_000_500, number.int >> 80)

    def test_server_time(self):
        clock = ServerClock(local=lambda: 1000.0)
        self.assertEqual(1000, clock.now())
        clock.heard("Thu, 01 Jan 1970 02:00:00 GMT")
        self.assertEqual(7200, clock.now())
        for nothing in (None, "soon", ""):
            clock.heard(nothing)
            self.assertEqual(7200, clock.now())


def token_of(now):
    return uuid.UUID(token.make(now).value)
