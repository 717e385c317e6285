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
    fault(
        "clients.5",
        "a program's call is made again although nothing was promised",
        tests(
            "unit.client.test_given",
            "AgainTest.test_is_not_sent_without_a_promise",
        ),
        (
            f"{_CLIENT}/given.py",
            "            if use.ending.unsettled:\n",
            "            if False:\n",
        ),
    ),
    fault(
        "clients.6",
        "a command whose entry is damaged runs as a new one",
        tests("unit.client.test_damaged", "EntryTest.test_text_that_is_*"),
        (
            f"{_CLIENT}/journal.py",
            "        # Perhaps of a newer version of this client.\n",
            "        return None\n",
        ),
    ),
    fault(
        "clients.7",
        "a command runs as a new one when the key of the digests is lost",
        tests("unit.client.test_damaged", "KeyTest.test_key_that_is_lost_1_None"),
        (
            f"{_CLIENT}/journal.py",
            "if text is None and not self._needs_key(kind):",
            "if text is None:",
        ),
    ),
    fault(
        "clients.8",
        "others may write where a user's tokens are kept",
        tests(
            "unit.client.test_damaged",
            "FolderTest.test_for_its_user_alone_whatever_the_umask_allows",
        ),
        (
            f"{_CLIENT}/vault.py",
            "path.mkdir(mode=0o700, exist_ok=True)",
            "path.mkdir(exist_ok=True)",
        ),
    ),
    fault(
        "clients.9",
        "in an outage each call asks three questions",
        tests(
            "unit.client.test_given", "OutageTest.test_questions_are_paid_for"
        ),
        (
            f"{_CLIENT}/attempts.py",
            "if found.answered or not self._budget.take(retry.COST):",
            "if found.answered:",
        ),
    ),
)
