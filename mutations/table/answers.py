# SPDX-License-Identifier: Apache-2.0
"""Points 9, 10 and 11: what answers say, and where the decorator stands."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import Simulated
from mutations.fault import tests
from mutations.table.places import ENGINE
from mutations.table.places import LIBRARY
from mutations.table.places import NOVA
from mutations.table.places import SQL

_NOT_GIVEN_BACK = (
    f"{ENGINE}/attempt.py",
    "            self._give_back()\n            raise\n",
    "            raise\n",
)
_REFUSED_LOSER = (
    f"{ENGINE}/execution.py",
    "            case Freeing.LOST:\n                return Settled.LOST\n",
    "            case Freeing.LOST:\n                return Settled.FREED\n",
)

FAULTS = (
    fault(
        "9.1",
        "answers do not tell their state",
        tests("functional.test_states", "States.test_executed"),
        (
            f"{LIBRARY}/wsgi/response.py",
            "    told = [(headers.STATE, verdict.value)]\n",
            "    told: Headers = []\n",
        ),
    ),
    fault(
        "9.2",
        "an answer that is rebuilt says that it is the first one",
        tests(
            "unit.library.test_states",
            "StatesTest.test_rebuilt_after_a_crash_and_ever_after",
        ),
        (
            f"{ENGINE}/recovery.py",
            "        verdict = Verdict.REBUILT if answer.rebuilt else "
            "Verdict.REPLAYED\n",
            "        verdict = Verdict.REPLAYED\n",
        ),
    ),
    fault(
        "9.3",
        "a request that lost its token is told 403 although the retry made it",
        tests(
            "unit.library.test_taken_over",
            "LinkedTest.test_one_that_makes_nothing_is_told_so_too_*",
        ),
        _REFUSED_LOSER,
    ),
    fault("9.3", "the same, simulated", Simulated(), _REFUSED_LOSER),
    fault(
        "9.4",
        "what was claimed in vain is not given back, and unknown later",
        tests(
            "unit.library.test_engine",
            "GivenBackTest.test_a_claim_is_given_back_since_it_never_ran",
        ),
        _NOT_GIVEN_BACK,
    ),
    fault("9.4", "the same, simulated", Simulated(), _NOT_GIVEN_BACK),
    fault(
        "9.4",
        "what another request ran is given back as this one's, by their id",
        tests(
            "unit.library.test_engine",
            "ChosenIdTest."
            "test_what_became_of_the_first_one_stays_unknown",
        ),
        (
            f"{ENGINE}/attempt.py",
            "        if self._tried in (Decision.RECOVER, Decision.RECONCILE):\n",
            "        if False:\n",
        ),
    ),
    fault(
        "9.4",
        "a retry with the first request's id seems to have withdrawn it",
        tests(
            "functional.db.test_store",
            "WithdrawOnSqliteTest."
            "test_a_retry_that_has_the_first_request_s_id_is_another_one",
        ),
        (
            f"{SQL}/withdrawing.py",
            "        return None if row.bound else Fate.WITHDRAWN\n",
            "        return Fate.WITHDRAWN\n",
        ),
    ),
    fault(
        "9.4",
        "a request that took its token unawares waits for itself",
        tests("unit.library.test_taken_over", "UntoldTest.test_of_*"),
        (
            f"{ENGINE}/attempt.py",
            "        if self._tried is not None and self._is_mine:\n",
            "        if False:\n",
        ),
    ),
    fault(
        "9.4",
        "and does not give it back when it may wait no longer",
        tests(
            "unit.library.test_taken_over",
            "UntoldTest.test_one_that_is_never_told_gives_it_back",
        ),
        (
            f"{ENGINE}/attempt.py",
            "        if self._is_mine:\n",
            "        if False:\n",
        ),
    ),
    fault(
        "9.5",
        "what is given back is not free",
        tests(
            "functional.db.test_store",
            "GiveBackOnSqliteTest.test_a_claim_is_free_again",
        ),
        (
            f"{SQL}/claiming.py",
            "            expires_at=self._now,\n            lasting=False,\n",
            "            lasting=False,\n",
        ),
    ),
    fault(
        "9.6",
        "the replay of a rescue is accepted with a body that it never had",
        tests("functional.operations.test_accepted", "Passwords.test_rescue"),
        (
            f"{NOVA}/operations.py",
            "        evidence=actions.RESCUE,\n"
            "        accepted=acceptance.rescue,\n",
            "        evidence=actions.RESCUE,\n",
        ),
    ),
    fault(
        "9.7",
        "the replay of an os-interface is an empty body",
        tests(
            "functional.operations.test_accepted",
            "Attached.test_an_interface_by_its_port",
        ),
        (
            f"{NOVA}/operations.py",
            "        evidence=actions.ATTACH_INTERFACE,\n"
            "        accepted=acceptance.interface,\n",
            "        evidence=actions.ATTACH_INTERFACE,\n",
        ),
    ),
    fault(
        "9.8",
        "the replay of an os-volume_attachments is an empty body",
        tests(
            "functional.operations.test_accepted",
            "Versions.test_volume_at_*",
        ),
        (
            f"{NOVA}/operations.py",
            "        evidence=actions.ATTACH_VOLUME,\n"
            "        accepted=acceptance.volume,\n",
            "        evidence=actions.ATTACH_VOLUME,\n",
        ),
    ),
    fault(
        "9.9",
        "the replay of a createImage has no Location",
        tests(
            "functional.operations.test_accepted", "Versions.test_image_at_*"
        ),
        (
            f"{NOVA}/acceptance.py",
            "def image(case: Case) -> None:\n",
            "def image(case: Case) -> webob.Response:\n"
            "    return webob.Response(status_int=202)\n\n\n"
            "def _image(case: Case) -> None:\n",
        ),
    ),
    fault(
        "9.10",
        "a stop whose cast failed is replayed as accepted",
        tests(
            "unit.test_traces",
            "JudgeTest.test_without_an_event_the_message_may_be_lost",
        ),
        (
            f"{NOVA}/traces.py",
            "        return Evidence.UNDER_WAY\n    return Evidence.NONE\n",
            "        return Evidence.UNDER_WAY\n    return Evidence.UNDER_WAY\n",
        ),
    ),
    fault(
        "9.11",
        "a cell that does not answer makes a 500 of a retry",
        tests(
            "functional.test_dead_workers",
            "DeadWorkersOnSqlite.test_while_its_cell_does_not_answer_the_retry_is_told_so",
        ),
        (
            f"{NOVA}/work.py",
            "        with inquiring():\n"
            "            result = self.operation.rebuild(\n",
            "        if True:\n"
            "            result = self.operation.rebuild(\n",
        ),
    ),
    fault(
        "10.1",
        "the request id of a replay leads to no event",
        tests("functional.test_states", "States.test_replayed"),
        (
            f"{NOVA}/response.py",
            "            headers.append((_REQUEST_ID, reply.request_id))\n",
            "            pass\n",
        ),
    ),
    fault(
        "10.2",
        "an answer does not tell of which request it speaks",
        tests("functional.test_states", "States.test_running"),
        (
            f"{LIBRARY}/wsgi/response.py",
            "        told.append((headers.REQUEST_ID, request_id))\n",
            "",
        ),
    ),
    fault(
        "11.1",
        "below expected_errors a refusal becomes a 500",
        tests(
            "functional.test_decorator_order",
            "InSourceExpectedErrorsIdempotentResponse.test_first_again_and_"
            "refused",
        ),
        (
            f"{NOVA}/service.py",
            "            return response.refused(refusal, client_token, req)\n",
            "            raise webob.exc.status_map[refusal.status](\n"
            "                explanation=str(refusal)\n"
            "            ) from None\n",
        ),
        (
            f"{NOVA}/service.py",
            "from oslo_log import log as logging\n",
            "from oslo_log import log as logging\nimport webob.exc\n",
        ),
    ),
    fault(
        "11.2",
        "the API starts with a decorator that spoils refusals above ours",
        tests(
            "functional.test_decorator_order",
            "BelowTheCheckOfAnswers.test_it_is_refused",
        ),
        (
            f"{NOVA}/router.py",
            "        _check_order(operation, method)\n",
            "        pass\n",
        ),
    ),
)
