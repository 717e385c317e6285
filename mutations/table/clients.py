# SPDX-License-Identifier: Apache-2.0
"""What the clients forgot, or did not say, when an answer was lost."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import tests

_CLIENT = "client/openstack_idempotency_client"

FAULTS = (
    fault(
        "clients.1",
        "a command that failed after its POST forgets its token",
        tests("unit.client.test_questions", "NovaTest.test_after_the_post_1"),
        (
            f"{_CLIENT}/command.py",
            "if held.entry.finished and not (done and self._cut_short):",
            "if held.entry.finished:",
        ),
    ),
    fault(
        "clients.2",
        "half of an answer's head is an answer",
        tests(
            "unit.client.test_questions",
            "NovaTest.test_half_of_the_head_on_a_cloud_that_promises_nothing",
        ),
        (f"{_CLIENT}/outcome.py", "    if _is_cut(answer):\n", "    if False:\n"),
    ),
    fault(
        "clients.3",
        "a success without a state is one where each host keeps tokens",
        tests(
            "unit.client.test_questions",
            "NovaTest.test_success_without_a_state_where_each_host_has_one",
        ),
        (
            f"{_CLIENT}/attempts.py",
            "not (stateless and promise.retry_safe):",
            "not (stateless and False):",
        ),
    ),
    fault(
        "clients.4",
        "a command sends its POST again although nothing was promised",
        tests(
            "unit.client.test_remembering",
            "KilledTest.test_nothing_is_sent_without_the_promise",
        ),
        (
            f"{_CLIENT}/attempts.py",
            "        if not promise.retry_safe:\n            raise use.refusal",
            "        if promise.retry_safe is None:\n            raise use.refusal",
        ),
    ),
)
