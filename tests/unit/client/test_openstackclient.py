# SPDX-License-Identifier: Apache-2.0
"""The stock openstack command, in processes of its own, as users run it."""

from __future__ import annotations

import uuid

import ddt

from tests.unit.client.openstackclient import GROUP
from tests.unit.client.openstackclient import OpenStackTest
from tests.unit.client.openstackclient import STOP
from tests.unit.client.wire import Loss

LOST = (Loss.ANSWER,) * 3


@ddt.ddt
class OptionTest(OpenStackTest):
    def test_nothing_given_nothing_sent(self):
        self.assert_succeeded(self.openstack.run(*STOP))
        self.assertEqual([None], self.sent())
        self.assertEqual([], self.cloud.look_ups())

    def test_value_before_the_command(self):
        self.openstack.run("--os-client-token=a1", *STOP)
        self.assertEqual(["a1"], self.sent())

    @ddt.data(("image", "v2"), ("network", "v2.0"))
    @ddt.unpack
    def test_post_to_another_service(self, service, version):
        """It is asked by itself what it promises."""
        create = (service, "create", "web")
        self.openstack.run("--os-client-token=a1", *create, typed="")
        (post,) = self.cloud.posts(service)
        self.assertEqual("a1", post.token)
        asked = [request.path for request in self.cloud.requests]
        self.assertIn(f"/{service}/{version}/os-client-tokens", asked)
        self.assertEqual([], self.cloud.look_ups())

    def test_post_to_the_volume_service(self):
        create = ("volume", "create", "--size", "1", "web")
        self.openstack.run("--os-client-token=a1", *create, typed="")
        (post,) = self.cloud.posts("block-storage")
        self.assertEqual("a1", post.token)
        asked = [request.path for request in self.cloud.requests]
        self.assertIn("/block-storage/v3/os-client-tokens", asked)
        self.assertEqual([], self.cloud.look_ups())

    def test_value_after_the_command(self):
        self.openstack.run(*STOP, "--os-client-token=a1")
        self.assertEqual(["a1"], self.sent())

    def test_variable(self):
        self.openstack.run(*STOP, OS_CLIENT_TOKEN="a2")
        self.assertEqual(["a2"], self.sent())

    def test_bare_before_and_after_the_command(self):
        self.assert_succeeded(self.bare(*GROUP, "web"))
        self.assert_succeeded(
            self.openstack.run(*GROUP, "--os-client-token", "web")
        )
        self.assert_succeeded(
            self.openstack.run(*GROUP, "web", "--os-client-token")
        )
        self.assertEqual([7] * 3, [uuid.UUID(t).version for t in self.sent()])
        self.assertEqual(3, len(set(self.sent())))
        self.assertEqual([], self.remembered())

    def test_value_without_equals(self):
        outcome = self.openstack.run("--os-client-token", "s3cret", *STOP)
        self.assertEqual(2, outcome.status)
        self.assertIn("A client token needs '='", outcome.stderr)
        self.assertIn("openstack --os-client-token[=TOKEN] COMMAND",
                      outcome.stderr)
        self.assertEqual([], self.sent())

    @ddt.named_data(
        ("empty", ("--os-client-token=",), {}, "is empty"),
        ("blank", ("--os-client-token=a b",), {}, "character 2"),
        ("variable", (), {"OS_CLIENT_TOKEN": ""}, "is set, but empty"),
        ("attempts", ("--os-client-token", "--client-token-attempts", "0"), {},
         "must be 1 or more"),
    )  # fmt: skip
    def test_refused(self, words, variables, said):
        outcome = self.openstack.run(*words, *STOP, **variables)
        self.assertEqual(2, outcome.status)
        self.assertIn(said, outcome.stderr)
        self.assertEqual([], self.sent())

    def test_help_lists_it(self):
        text = " ".join(self.openstack.run("--help").stdout.split())
        self.assertIn("--os-client-token [<token>]", text)
        self.assertIn("client token list", text)

    def test_debug_hides_the_token(self):
        outcome = self.openstack.run(
            "--debug", "--os-client-token=s3cret7", *STOP
        )
        self.assertEqual(["s3cret7"], self.sent())
        self.assertIn('-H "X-Client-Token: ***"', outcome.stderr)
        self.assertNotIn("s3cret7", outcome.stderr + outcome.stdout)

    def test_no_warning_of_python(self):
        outcome = self.openstack.spawn(
            "--os-client-token", *STOP, PYTHONWARNINGS="always"
        )
        self.assert_succeeded(outcome)
        self.assertNotIn("openstack_idempotency_client", outcome.stderr)


class InteractiveTest(OpenStackTest):
    def typed(self, *words, lines):
        return self.openstack.run(*words, typed="\n".join(lines) + "\n")

    def test_each_command_has_a_token_of_its_own(self):
        lines = [" ".join((*GROUP, "web"))] * 2 + [" ".join(STOP)]
        self.typed("--os-client-token", lines=lines)
        self.assertEqual(3, len(set(self.sent())))
        self.assertEqual(3, len(self.cloud.made))
        self.assertEqual([], self.remembered())

    def test_a_command_goes_on_where_it_stopped(self):
        self.cloud.losses = list(LOST)
        line = " ".join((*GROUP, "web"))
        outcome = self.typed("--os-client-token", lines=[line, line])
        self.assertIn("again: it is safe", outcome.stderr)
        self.assertIn("given before", outcome.stderr)
        self.assertEqual(1, len(self.cloud.made))
        self.assertEqual([], self.remembered())

    def test_without_the_option_nothing_is_sent(self):
        self.typed(lines=[" ".join(STOP)])
        self.assertEqual([None], self.sent())

    def test_one_token_is_not_for_all(self):
        outcome = self.typed("--os-client-token=a1", lines=[" ".join(STOP)])
        self.assertIn("each command gets one of its own", outcome.stderr)
        self.assertEqual([], self.sent())

    def test_option_in_a_line(self):
        outcome = self.typed(lines=[" ".join((*STOP, "--os-client-token"))])
        self.assertIn("where openstack is started", outcome.stderr)
        self.assertEqual([], self.sent())


class CommandsTest(OpenStackTest):
    def lose(self, *words):
        self.cloud.losses = list(LOST)
        self.bare(*words)
        return self.remembered()[0]

    def client_token(self, *words):
        return self.openstack.run("client", "token", *words)

    def test_list_show_and_forget(self):
        name = self.lose(*GROUP, "s3cret")
        listed = self.client_token("list", "-f", "value")
        self.assertIn(f"{name} server group create --policy openstack",
                      listed.stdout)
        self.assertNotIn("s3cret", listed.stdout)
        shown = self.client_token("show", name)
        self.assertIn("attempts: 3, last: no answer", shown.stdout)
        self.assertIn("state: succeeded", shown.stdout)
        self.assert_succeeded(self.client_token("forget", name))
        self.assertEqual([], self.remembered())

    def test_show_a_token_of_the_users(self):
        self.openstack.run("--os-client-token=a1", *STOP)
        shown = self.client_token("show", "--os-client-token=a1")
        self.assertIn("state: succeeded", shown.stdout)
        # It fits a terminal.
        self.assertLess(max(map(len, shown.stdout.splitlines())), 100)

    def test_show_where_a_service_says_nothing(self):
        """But compute, none here has a look-up, nor does it say so."""
        shown = self.client_token("show", "--os-client-token=a1")
        self.assertIn("but not every service answered", shown.stdout)

    def test_unknown_id(self):
        for verb in ("show", "forget", "resume"):
            outcome = self.client_token(verb, "00000000")
            self.assertEqual(1, outcome.status)
            self.assertIn("nothing is remembered as", outcome.stderr)

    def test_status(self):
        outcome = self.client_token("status", "-f", "value")
        self.assert_succeeded(outcome)
        kept, *others, where, remembered = outcome.stdout.splitlines()
        self.assertEqual(
            "keeps client tokens for 86400 s; to send a request again is safe",
            kept,
        )
        # Of the catalogue: volume, image, network and identity.
        self.assertEqual(["it did not say"] * 4, others)
        self.assertEqual(("files of mode 0600", "0"), (where, remembered))
