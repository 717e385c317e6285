# SPDX-License-Identifier: Apache-2.0
"""Protocol section 6: a lease ends with its run, and is renewed meanwhile."""

from __future__ import annotations

import functools
import threading
from unittest import mock

import fixtures

from nova.idempotency import service
from openstack_idempotency.engine.points import Point
from testing.nova import base
from tests.functional import existing

SAVE = "nova.objects.Instance.save"
CREATE = "nova.objects.RequestSpec.create"


class Ends(existing.Existing):
    """However a run ends: the next request is not told that it still runs."""

    options = {"wait_timeout": 0}

    def test_with_an_exit_a_linked_one_runs_again_at_once(self):
        for error in (SystemExit, KeyboardInterrupt, GeneratorExit):
            token = error.__name__
            before = len(self.servers())
            with mock.patch(CREATE, side_effect=error):
                self.assertRaises(error, self.boot, token)
            self.assertEqual(0, self.rows()[-1].lease_until)
            retry = self.boot(token)
            self.assertEqual(202, retry.status_code, retry.content)
            self.assertEqual(before + 1, len(self.servers()))

    def test_with_an_exit_another_one_is_unknown_at_once(self):
        with mock.patch(SAVE, side_effect=SystemExit):
            self.assertRaises(SystemExit, self.reset, "t")
        self.assertEqual(0, self.rows()[0].lease_until)
        self.assert_fault(self.reset("t"), 409, "unknown")


globals().update(base.on_each_database(Ends))


class Upgraded(base.TestCase):
    """What its row says of the link counts, not the table of operations."""

    def test_one_that_was_not_linked_is_not_run_again(self):
        for point in (Point.AFTER_CLAIM, Point.BEFORE_METHOD):
            token = point.value
            self.left_by_a_dead_worker(
                point, functools.partial(self.boot, token)
            )
            # As the release before the upgrade wrote it.
            self.change(linked=False)
            for _ in range(2):
                answer = self.boot(token)
                self.assert_fault(answer, 409, "unknown")
                state = answer.headers["X-Client-Token-State"]
                self.assertEqual("unknown", state)
            self.assertEqual([], self.servers())
            self.assertEqual(202, self.boot(f"new-{token}").status_code)
            self.api.delete_server(self.servers()[0])


class Threads(base.TestCase):
    """A thread that cannot be started now is started by the next request."""

    def threads(self, *, fail):
        """Note the threads of ours that are to start, until this is undone.

        :param fail: whether they cannot
        """
        start = threading.Thread.start
        names = []

        def started(thread):
            if thread.name.startswith("client-token-"):
                names.append(thread.name)
                if fail:
                    raise RuntimeError("can't start new thread")
            return start(thread)

        place = "threading.Thread.start"
        return names, fixtures.MonkeyPatch(place, started)

    def test_the_next_request_tries_again(self):
        failed, failing = self.threads(fail=True)
        with failing:
            for token in ("t1", "t2"):
                self.assertEqual(202, self.boot(token).status_code)
        self.assertEqual(2, failed.count("client-token-heartbeat"))
        # Our router tries, and what serves the token does.
        self.assertLessEqual(2, failed.count("client-token-chores"))
        self.assertIn("cannot be started", self.stdlog.logger.output)
        heartbeat = service.from_configuration()._engine.parts.heartbeat
        self.assertEqual({}, heartbeat._claims)
        started, starting = self.threads(fail=False)
        self.useFixture(starting)
        self.boot("t3")
        self.assertEqual(1, started.count("client-token-heartbeat"))
        self.assertEqual(1, started.count("client-token-chores"))
        again = self.boot("t1")
        self.assertEqual("true", again.headers["Idempotent-Replayed"])
