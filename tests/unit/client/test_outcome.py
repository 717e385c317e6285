# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import email.utils
import http.server
import ssl
import time

from keystoneauth1 import exceptions
import requests
import testtools
from urllib3 import connectionpool
from urllib3 import exceptions as urllib3_errors

from openstack_idempotency_client import clock
from openstack_idempotency_client import outcome as outcomes
from openstack_idempotency_client.outcome import Fault
from openstack_idempotency_client.outcome import Outcome
from openstack_idempotency_client.outcome import State

POOL = connectionpool.HTTPConnectionPool("127.0.0.1")


def answer(status, **headers):
    made = requests.Response()
    made.status_code = status
    made.headers.update(
        {name.replace("_", "-"): value for name, value in headers.items()}
    )
    return made


class AnswerTest(testtools.TestCase):
    def test_what_it_says(self):
        found = outcomes.of_answer(
            answer(409, X_Client_Token_State="running", Retry_After="3",
                   X_Client_Token_Request_Id="req-1")
        )  # fmt: skip
        self.assertEqual(
            Outcome(409, State.RUNNING, None, 3.0, "req-1"), found
        )
        self.assertEqual("HTTP 409, running", str(found))

    def test_state_of_a_later_release_is_no_state(self):
        found = outcomes.of_answer(answer(409, X_Client_Token_State="new"))
        self.assertIsNone(found.state)

    def test_retry_after_may_be_a_date(self):
        date = email.utils.formatdate(time.time() + 100, usegmt=True)
        self.assertTrue(98 <= (outcomes.seconds(date) or 0) <= 100)
        self.assertEqual(0, outcomes.seconds("Thu, 01 Jan 1970 00:00:00 GMT"))
        self.assertIsNone(outcomes.seconds("soon"))

    def test_retry_after_is_a_date_of_the_servers_clock(self):
        found = outcomes.of_answer(
            answer(503, Content_Length="0",
                   Retry_After="Thu, 01 Jan 2026 00:01:00 GMT",
                   Date="Thu, 01 Jan 2026 00:00:20 GMT")
        )  # fmt: skip
        self.assertEqual(40, found.retry_after)

    def test_dates_that_are_none(self):
        for text in ("", "soon", "Mon, 01 Jan 0001 00:00:00 -0000",
                     "Fri, 31 Dec 9999 23:59:59 -2359"):  # fmt: skip
            outcomes.seconds(text)
            clock.ServerClock().heard(text)


class ErrorTest(testtools.TestCase):
    """Errors of real connections; those that none makes here, by hand."""

    def fault(self, cause):
        try:
            try:
                raise cause
            except requests.exceptions.RequestException:
                raise exceptions.ConnectFailure("no")  # noqa: B904
        except exceptions.ConnectFailure as error:
            return outcomes.of_error(error).fault

    def test_refused_connection_sent_nothing(self):
        server = http.server.HTTPServer(
            ("127.0.0.1", 0), http.server.BaseHTTPRequestHandler
        )
        server.server_close()
        try:
            requests.post(
                f"http://127.0.0.1:{server.server_port}", timeout=5,
                proxies={"http": ""},
            )  # fmt: skip
        except requests.exceptions.ConnectionError as error:
            self.assertIs(Fault.NOT_SENT, self.fault(error))

    def test_timeout_of_the_connection_sent_nothing(self):
        reason = urllib3_errors.ConnectTimeoutError()
        full = urllib3_errors.MaxRetryError(POOL, "/", reason)
        self.assertIs(
            Fault.NOT_SENT,
            self.fault(requests.exceptions.ConnectTimeout(full)),
        )

    def test_timeout_of_the_answer(self):
        self.assertIs(
            Fault.UNANSWERED, self.fault(requests.exceptions.ReadTimeout())
        )

    def test_certificate_that_is_not_trusted(self):
        reason = urllib3_errors.SSLError(ssl.SSLCertVerificationError())
        full = urllib3_errors.MaxRetryError(POOL, "/", reason)
        self.assertIs(
            Fault.NOT_TRUSTED, self.fault(requests.exceptions.SSLError(full))
        )

    def test_tls_connection_that_broke(self):
        reason = urllib3_errors.SSLError(ssl.SSLEOFError())
        full = urllib3_errors.MaxRetryError(POOL, "/", reason)
        self.assertIs(
            Fault.UNANSWERED, self.fault(requests.exceptions.SSLError(full))
        )


class SettlesTest(testtools.TestCase):
    def settled(self, earlier_unanswered, status=409):
        return {
            state for state in State
            if Outcome(status, state).settles(
                earlier_unanswered=earlier_unanswered)
        }  # fmt: skip

    def test_success(self):
        done = {"executed", "replayed", "rebuilt", "invalid"}
        self.assertEqual(done, self.settled(False, status=202))
        self.assertEqual(done, self.settled(True, status=202))

    def test_refusal_counts_only_where_no_try_is_open(self):
        self.assertIn("executed", self.settled(False))
        self.assertNotIn("executed", self.settled(True))

    def test_answers_without_a_state(self):
        for status, earlier, settled in (
            (202, False, True), (202, True, False), (401, False, False),
            (413, False, False), (502, False, False),
        ):  # fmt: skip
            self.assertEqual(
                settled,
                Outcome(status).settles(earlier_unanswered=earlier),
                f"{status} {earlier}",
            )

    def test_no_answer(self):
        for fault in Fault:
            self.assertFalse(
                Outcome(fault=fault).settles(earlier_unanswered=False)
            )
