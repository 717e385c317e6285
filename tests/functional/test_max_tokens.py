# SPDX-License-Identifier: Apache-2.0
"""Protocol section 6: how many young tokens a user may have."""

from __future__ import annotations

from testing.nova import base

MOST = 3


class TooMany(base.Mixin):
    """Nothing runs then, and what is known is answered."""

    options = {"max_tokens": MOST}

    def setUp(self):
        super().setUp()
        self.first = [self.boot(f"t{number}") for number in range(MOST)]
        for answer in self.first:
            self.assertEqual(202, answer.status_code, answer.content)

    def assert_too_many(self, answer):
        self.assert_fault(answer, 429, "Too many client tokens")
        self.assertEqual("too-many", answer.headers["X-Client-Token-State"])
        self.assertEqual("60", answer.headers["Retry-After"])

    def test_a_new_token_is_refused(self):
        for _ in range(2):
            self.assert_too_many(self.boot("new"))
            self.assert_too_many(self.generate("k", "new"))
        self.assertEqual(MOST, len(self.rows()))
        self.assertEqual(MOST, len(self.servers()))

    def test_a_known_one_is_answered(self):
        self.assert_too_many(self.boot("new"))
        for number, first in enumerate(self.first):
            again = self.boot(f"t{number}")
            self.assertEqual("true", again.headers["Idempotent-Replayed"])
            self.assertEqual(first.content, again.content)

    def test_one_whose_worker_died_runs(self):
        self.change(state="running", bound=0, sealed=None, lease_until=0)
        again = self.boot("t0")
        self.assertEqual("executed", again.headers["X-Client-Token-State"])

    def test_without_a_token_nothing_is_counted(self):
        self.assert_too_many(self.boot("new"))
        self.assertEqual(202, self.boot().status_code)

    def test_others_have_their_own(self):
        self.assert_too_many(self.boot("new"))
        project = "0123456789abcdef0123456789abcdef"
        for caller in (("somebody", self.api.project_id), ("fake", project)):
            answer = self.post(
                "/servers", self.server(), "new", api=self.client(*caller)
            )
            self.assertEqual(202, answer.status_code, answer.content)

    def test_those_that_have_become_old_do_not_count(self):
        self.assert_too_many(self.boot("new"))
        self.change(created_at=0)
        self.configure()
        self.start_api()  # another process, which has counted nothing yet
        self.assertEqual(202, self.boot("new").status_code)

    def test_refused_requests_leave_none(self):
        self.change(created_at=0)
        self.configure()
        self.start_api()
        for number in range(2 * MOST):
            token = f"refused-{number}"
            answer = self.boot(token, flavorRef="no such flavor")
            self.assertEqual(400, answer.status_code, answer.content)


globals().update(base.on_each_database(TooMany))


class NoLimit(base.TestCase):
    """0 means that nobody is refused."""

    options = {"max_tokens": 0}

    def test_nobody_is_refused(self):
        for number in range(2 * MOST):
            answer = self.generate(f"k{number}", f"t{number}")
            self.assertEqual(201, answer.status_code)
