# SPDX-License-Identifier: Apache-2.0
"""Servers: one token, one server."""

from __future__ import annotations

from concurrent import futures

from tempest.lib import decorators

from nova_idempotency_tempest_plugin.tests import base

_AT_ONCE = 5


class ServersTest(base.ClientTokensTest):
    def setUp(self) -> None:
        super().setUp()
        self.called = self.name("server")
        self.body = self.server(self.called)
        self.gone_at_the_end(self.called)

    @decorators.idempotent_id("4c0f2e6a-8f0b-4b1e-9c63-0d2f6a3b7e11")
    def test_the_same_again_is_the_same_server(self) -> None:
        token = self.token()
        first = self.api.post("/servers", self.body, token)
        self.assert_state("executed", 202, first)
        again = self.api.post("/servers", self.body, token)
        self.assert_replayed(first, again)
        self.assertEqual(
            [first.json()["server"]["id"]], self.ids(self.called)
        )

    @decorators.idempotent_id("0b7e1d52-2d2b-4f59-8a14-6f0f3c5e9d22")
    def test_many_at_once_are_one_server(self) -> None:
        token = self.token()

        def boot(_number: int) -> str:
            answer = self.api.post_until_done("/servers", self.body, token)
            self.assertEqual(202, answer.status, answer.body)
            return str(answer.json()["server"]["id"])

        with futures.ThreadPoolExecutor(_AT_ONCE) as pool:
            answered = set(pool.map(boot, range(_AT_ONCE)))
        self.assertEqual(answered, set(self.ids(self.called)))
        self.assertEqual(1, len(answered))

    @decorators.idempotent_id("9a1c6b3e-55c4-4d0d-b7a5-3e8f1d4c2b33")
    def test_another_body_is_refused(self) -> None:
        token = self.token()
        first = self.api.post("/servers", self.body, token)
        self.assert_state("executed", 202, first)
        self.body["server"]["description"] = "another one"
        self.assert_state(
            "different", 422, self.api.post("/servers", self.body, token)
        )
        self.assertEqual(1, len(self.ids(self.called)))

    @decorators.idempotent_id("d3f5a8c7-1e6b-4a2f-8d90-7b4c2e1f6a44")
    def test_two_tokens_are_two_servers(self) -> None:
        made = {
            self.api.post("/servers", self.body, self.token()).json()[
                "server"
            ]["id"]
            for _ in range(2)
        }
        self.assertEqual(made, set(self.ids(self.called)))
        self.assertEqual(2, len(made))
