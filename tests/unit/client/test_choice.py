# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import argparse

import testtools

from openstack_idempotency_client import choice
from openstack_idempotency_client.choice import BARE
from openstack_idempotency_client.program import NOVA

OPTION = "--x-client-token"


class JoinedTest(testtools.TestCase):
    """As nova reads it, whose commands are boot and list."""

    def joined(self, *words):
        return choice.joined(
            words, OPTION, lambda word: word not in ("boot", "list")
        )

    def test_value(self):
        for option in (OPTION, "--x-client"):
            self.assertEqual(
                [f"{option}=a1", "boot"], self.joined(option, "a1", "boot")
            )

    def test_no_value(self):
        bare = f"{OPTION}={BARE}"
        for words in (("boot", "a"), ("--debug", "boot"), ()):
            self.assertEqual([bare, *words], self.joined(OPTION, *words))

    def test_joined_already(self):
        words = [f"{OPTION}=boot", "boot", "--meta", f"x={OPTION}"]
        self.assertEqual(words, self.joined(*words))

    def test_after_two_dashes(self):
        words = ["boot", "--", OPTION, "boot"]
        self.assertEqual(words, self.joined(*words))


class ChooseTest(testtools.TestCase):
    def choose(self, option, variable=None, attempts=3, seconds=300.0):
        typed = argparse.Namespace(
            client_token=option, client_token_attempts=attempts,
            client_token_seconds=seconds,
        )  # fmt: skip
        return choice.choose(typed, NOVA, variable)

    def test_nothing(self):
        self.assertIsNone(self.choose(None))

    def test_option_wins(self):
        self.assertEqual("a1", self.choose("a1", "a2").token.value)
        self.assertEqual("a1", self.choose("a1", "").token.value)
        self.assertIsNone(self.choose(BARE, "a2").token)

    def test_variable(self):
        self.assertEqual("a2", self.choose(None, "a2").token.value)

    def test_policy(self):
        policy = self.choose("a1", attempts=7, seconds=9.0).policy
        self.assertEqual((7, 9.0), (policy.attempts, policy.seconds))

    def test_errors_say_what_to_do(self):
        for given, said in (
            ({"option": None, "variable": ""}, "unset it"),
            ({"option": ""}, "--x-client-token: the client token is empty"),
            ({"option": None, "variable": "a b"}, "OS_CLIENT_TOKEN: char"),
            ({"option": "a", "attempts": 0}, "--client-token-attempts"),
            ({"option": "a", "seconds": 0}, "--client-token-seconds"),
        ):
            error = self.assertRaises(
                choice.ChoiceError, self.choose, **given
            )
            self.assertIn(said, str(error))
