# SPDX-License-Identifier: Apache-2.0
"""The nova command without a token's value, and no answer."""

from __future__ import annotations

import signal

import ddt

from tests.unit.client import wire
from tests.unit.client.cloud import Cloud
from tests.unit.client.cloud import OTHER_SERVER
from tests.unit.client.cloud import SERVER
from tests.unit.client.remembering import LOST
from tests.unit.client.remembering import RememberingTest
from tests.unit.client.remembering import STOP
from tests.unit.client.wire import Loss
from tests.unit.client.wire import SOON
from tests.unit.client.wire import Spoken


@ddt.ddt
class UnansweredTest(RememberingTest):
    """The command lives on, but gets no answer to rely on."""

    def test_interrupted(self):
        self.cloud.losses = [Loss.HELD]
        command = self.nova.start("--x-client-token", *STOP)
        self.assertTrue(self.cloud.held.wait(SOON))
        command.send_signal(signal.SIGINT)
        errors = command.communicate(timeout=SOON)[1]
        self.assertIn("no answer came. Run the same command again", errors)
        self.assertEqual(1, len(self.remembered()))

    def test_safe_to_run_again(self):
        self.cloud.losses = list(LOST)
        outcome = self.bare(*STOP)
        (name,) = self.remembered()
        self.assertIn(
            "no answer came (it was sent 3 times). Run the same command "
            f"again: it is safe, because it uses the same client token. "
            f"(remembered as {name})",
            outcome.stderr,
        )
        self.assertEqual(0, self.bare(*STOP).status)
        self.assertEqual(1, len(self.cloud.made))
        self.assertEqual([], self.remembered())

    def test_look_first(self):
        for options in ({"retry_safe": False}, {"knows_tokens": False}):
            self.start(Cloud(losses=LOST, **options))
            outcome = self.bare(*STOP)
            (name,) = self.remembered()
            self.assertIn(
                f"Look first what it did: 'nova client-token-show {name}'",
                outcome.stderr,
            )
            self.assertNotIn("it is safe", outcome.stderr)

    def test_no_connection_is_nothing_to_remember(self):
        nowhere = self.useFixture(wire.Nowhere()).url
        outcome = self.nova.run(
            "--os-endpoint-override", nowhere, "--os-compute-api-version",
            "2.1", "--x-client-token", *STOP,
        )  # fmt: skip
        self.assertEqual([], self.remembered())
        self.assertEqual(1, outcome.status)

    def test_refusal_is_an_answer(self):
        self.start(Cloud(refusal=409))
        self.bare(*STOP)
        self.assertEqual([], self.remembered())

    def test_refusal_after_an_open_try_is_none(self):
        self.cloud.losses = [Loss.REQUEST, Spoken(409, "executed")]
        outcome = self.bare(*STOP)
        self.assertEqual(1, len(self.remembered()))
        self.assertIn("is not sure (HTTP 409, executed)", outcome.stderr)
        self.assertIn("Look first", outcome.stderr)

    @ddt.data(
        (412, "expired"), (403, "forbidden"), (500, "failed"),
        (409, "unknown"), (409, "answer-lost"),
    )  # fmt: skip
    @ddt.unpack
    def test_states_after_which_to_look(self, status, state):
        self.start(Cloud(losses=(Spoken(status, state),)))
        outcome = self.bare(*STOP)
        self.assertEqual(1, len(self.remembered()))
        self.assertIn("Look first", outcome.stderr)

    @ddt.data(
        (500, "interrupted"), (409, "taken-over"), (503, "unavailable"),
        (429, "too-many"), (409, "running"),
    )  # fmt: skip
    @ddt.unpack
    def test_states_after_which_to_run_it_again(self, status, state):
        self.start(Cloud(losses=(Spoken(status, state),) * 3))
        outcome = self.bare(*STOP)
        self.assertIn(f"the answer is HTTP {status}, {state}", outcome.stderr)
        self.assertIn("again: it is safe", outcome.stderr)
        self.assertEqual(0, self.bare(*STOP).status)
        self.assertEqual([], self.remembered())

    def test_remembered_request_that_differs_is_kept(self):
        self.cloud.losses = list(LOST)
        self.bare(*STOP)
        self.cloud.losses = [Spoken(422, "different")]
        outcome = self.bare(*STOP)
        self.assertIn("another microversion", outcome.stderr)
        self.assertIn("Look first", outcome.stderr)
        self.assertEqual(1, len(self.remembered()))

    def test_name_that_means_another_resource_now(self):
        self.cloud.losses = list(LOST)
        self.cloud.names["web"] = SERVER
        self.bare("stop", "web")
        self.cloud.names["web"] = OTHER_SERVER
        outcome = self.bare("stop", "web")
        self.assertIn("perhaps a name in it means another", outcome.stderr)
        self.assertEqual(1, outcome.status)
        self.assertEqual(1, len(set(self.sent())))
        self.assertEqual(1, len(self.remembered()))

    def test_token_that_cannot_be_written_down(self):
        (self.nova.login.state).mkdir(parents=True)
        (self.nova.login.state / "entries").write_text("no folder")
        outcome = self.bare(*STOP)
        self.assertIn("the request was not sent: ", outcome.stderr)
        self.assertIn("cannot be written", outcome.stderr)
        self.assertNotIn("no answer came", outcome.stderr)
        self.assertEqual([], self.sent())

    def test_answer_that_cannot_be_written_down(self):
        """It is an answer all the same."""
        entries_ = self.nova.login.state / "entries"
        self.cloud.losses = [Loss.HELD]
        command = self.nova.start("--x-client-token", *STOP)
        self.assertTrue(self.cloud.held.wait(SOON))
        kept = entries_.rename(entries_.with_name("kept"))
        entries_.write_text("no folder")
        self.cloud.let_go.set()
        errors = command.communicate(timeout=SOON)[1]
        self.assertEqual(0, command.returncode, errors)
        self.assertEqual(1, len(list(kept.iterdir())))

    def test_state_folder_that_cannot_be_written(self):
        self.nova.login.state.parent.mkdir(parents=True)
        self.nova.login.state.write_text("a file in its place")
        outcome = self.bare(*STOP)
        self.assertIn("nothing was sent", outcome.stderr)
        self.assertIn("XDG_STATE_HOME", outcome.stderr)
        self.assertEqual([], self.sent())
