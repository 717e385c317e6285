# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import logging

import fixtures
import testtools

from openstack_idempotency_client.redaction import RedactedLogger
from openstack_idempotency_client.token import ClientToken


class RedactedLoggerTest(testtools.TestCase):
    def logged(self, token, message, *args):
        log = self.useFixture(
            fixtures.FakeLogger("a.client", level=logging.DEBUG)
        )
        logger = RedactedLogger(
            logging.getLogger("a.client"), "X-Client-Token", ClientToken(token)
        )
        logger.debug(message, *args)
        return log.output.strip()

    def test_header_value_is_hidden_and_the_rest_stays(self):
        self.assertEqual(
            'curl -X POST -H "X-Client-Token: ***" -d secret',
            self.logged(
                "secret", 'curl -X POST -H "X-Client-Token: secret" -d secret'
            ),
        )

    def test_header_name_comes_in_any_case(self):
        self.assertEqual(
            "[202] x-client-token: ***",
            self.logged("secret", "[202] x-client-token: secret"),
        )

    def test_token_may_look_like_a_pattern(self):
        self.assertEqual(
            "X-Client-Token: ***",
            self.logged(r"a.*(\1", r"X-Client-Token: a.*(\1"),
        )

    def test_arguments_are_still_formatted(self):
        self.assertEqual(
            "retry in 2.0s", self.logged("2", "retry in %.1fs", 2)
        )

    def test_logger_keeps_its_level(self):
        quiet = logging.getLogger("a.quiet.client")
        quiet.setLevel(logging.INFO)
        logger = RedactedLogger(quiet, "X-Client-Token", ClientToken("a"))
        self.assertFalse(logger.isEnabledFor(logging.DEBUG))
