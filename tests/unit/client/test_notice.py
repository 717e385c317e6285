# SPDX-License-Identifier: Apache-2.0

import json

import requests
import testtools

from openstack_idempotency_client.notice import notice
from openstack_idempotency_client.token import ClientToken

TOKEN = ClientToken("secret")


def answer(status, headers=(), path="/servers", body=None):
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    response.request = requests.Request(
        "POST", f"http://cloud{path}", data=json.dumps(body)
    ).prepare()
    return response


class NoticeTest(testtools.TestCase):
    def test_first_answer_needs_no_word(self):
        self.assertIsNone(
            notice(answer(202, {"x-client-token": "secret"}), TOKEN)
        )

    def test_replay_names_the_first_request(self):
        text = notice(
            answer(
                202,
                {
                    "X-Client-Token": "secret",
                    "Idempotent-Replayed": "true",
                    "X-Client-Token-Request-Id": "req-1",
                },
            ),
            TOKEN,
        )
        self.assertIn("given before", text)
        self.assertIn("req-1", text)
        self.assertNotIn("secret", text)

    def test_success_without_the_token_means_it_was_ignored(self):
        self.assertIn("ignores client tokens", notice(answer(202), TOKEN))

    def test_success_with_another_token_means_it_was_ignored(self):
        text = notice(answer(202, {"X-Client-Token": "other"}), TOKEN)
        self.assertIn("ignores client tokens", text)

    def test_replay_header_without_the_token_proves_nothing(self):
        text = notice(answer(202, {"Idempotent-Replayed": "true"}), TOKEN)
        self.assertIn("ignores client tokens", text)

    def test_refusal_without_the_token_proves_nothing(self):
        for status in (400, 401, 403, 404, 409, 413, 429):
            self.assertIsNone(notice(answer(status), TOKEN))

    def test_failure_without_the_token_leaves_it_open(self):
        for status in (500, 502, 503, 504):
            text = notice(answer(status), TOKEN)
            self.assertIn("does not show", text)

    def test_failure_with_the_token_speaks_for_itself(self):
        self.assertIsNone(
            notice(answer(503, {"X-Client-Token": "secret"}), TOKEN)
        )

    def test_reading_posts_use_no_token(self):
        for action in (
            "os-getConsoleOutput",
            "os-getSPICEConsole",
            "os-getSerialConsole",
            "os-getVNCConsole",
        ):
            read = answer(200, path="/servers/a/action", body={action: {}})
            self.assertIsNone(notice(read, TOKEN))
        read = answer(200, path="/servers/a/remote-consoles", body={})
        self.assertIsNone(notice(read, TOKEN))

    def test_other_actions_do(self):
        stop = answer(202, path="/servers/a/action", body={"os-stop": None})
        self.assertIn("ignores client tokens", notice(stop, TOKEN))
