# SPDX-License-Identifier: Apache-2.0
"""Points 2 and 4: successes that are not true, and leases that end."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import Simulated
from mutations.fault import tests
from mutations.table.places import DB
from mutations.table.places import ENGINE
from mutations.table.places import NOVA
from mutations.table.places import SQL

_UNDONE_FIRST = """\
            with self.parts.heartbeat.keep(claim):
                self.undo(claim)
"""
_STILL_TO_UNDO = "        claim.undo = record.undo\n"
_LATE_SUCCESS = (
    f"{ENGINE}/execution.py",
    "        if claim.link is not None:\n"
    "            # Nobody can tell whether another request already had the token.\n",
    "        if claim.link is None:\n",
)
_LOSER = (
    f"{ENGINE}/execution.py",
    "            case Settled.LOST if claim.link is not None:\n",
    "            case Settled.LOST if answer.status >= 600:\n",
)
_STARTED_BY_WORD = (
    f"{ENGINE}/periodic.py",
    """\
            thread = threading.Thread(
                target=self._run, name=self._name, daemon=True
            )
""",
    """\
            self._pid = os.getpid()
            thread = threading.Thread(
                target=self._run, name=self._name, daemon=True
            )
""",
)

FAULTS = (
    fault(
        "2.1",
        "a request that lost its token deletes what it had committed",
        tests(
            "functional.test_slow_workers",
            "SlowWorkersOnSqlite.test_it_cannot_take_back_what_its_retry_was_told",
        ),
        (
            f"{SQL}/statements.py",
            "        reached(Point.BEFORE_CLEANUP)\n"
            "        binding.fence(connection, claim)\n",
            "        reached(Point.BEFORE_CLEANUP)\n",
        ),
    ),
    fault(
        "2.1",
        "the same, simulated",
        Simulated(mutation="2-no-fence-on-clean-up"),
    ),
    fault(
        "2.2",
        "a success names a server that nobody was asked to build",
        tests(
            "functional.test_lost_casts",
            "CrashesOnSqlite.test_a_worker_that_dies_before_the_cast",
        ),
        (
            f"{NOVA}/work.py",
            "        if self.operation.kind is not kinds.SERVER:\n",
            "        if self.operation.kind is not None:\n",
        ),
    ),
    fault(
        "2.2",
        "the same, simulated",
        Simulated(mutation="2-no-withdrawal"),
    ),
    fault(
        "2.3",
        "a success is given although its outcome was not stored",
        tests(
            "unit.library.test_unsettled",
            "UnsettledTest.test_linked_the_next_try_tells_*",
        ),
        _LATE_SUCCESS,
    ),
    fault("2.3", "the same, simulated", Simulated(), _LATE_SUCCESS),
    fault(
        "2.4",
        "a request that lost its token gives its own answer",
        tests(
            "unit.library.test_taken_over",
            "LinkedTest.test_one_that_makes_nothing_is_told_so_too_*",
        ),
        _LOSER,
    ),
    fault("2.4", "the same, simulated", Simulated(), _LOSER),
    fault(
        "2.5",
        "what was withdrawn is not undone before the retry runs",
        tests(
            "unit.library.test_withdrawal",
            "WithdrawnTest.test_it_is_undone_before_it_runs",
        ),
        (
            f"{ENGINE}/execution.py",
            _UNDONE_FIRST,
            "            with self.parts.heartbeat.keep(claim):\n",
        ),
    ),
    fault(
        "2.6",
        "a withdrawal is not fenced",
        tests(
            "functional.db.test_store",
            "WithdrawOnSqliteTest.test_who_lost_the_token_withdraws_nothing",
        ),
        (
            f"{SQL}/withdrawing.py",
            "        return connection.execute(fence).rowcount == 1\n",
            "        return connection.execute(fence).rowcount < 2\n",
        ),
    ),
    fault(
        "2.7",
        "one server is withdrawn although another one is taken",
        tests(
            "functional.test_withdrawal",
            "DecisionsOnSqlite.test_one_that_the_conductor_has_taken",
        ),
        (
            f"{DB}/withdrawal.py",
            "    if any(_taken(connection, one) for one in bound.keys() - "
            "asked.keys()):\n        return KEPT\n",
            "",
        ),
    ),
    fault(
        "2.8",
        "what its user deleted before the cast is made again",
        tests(
            "functional.test_withdrawal",
            "DecisionsOnSqlite.test_one_that_its_user_deleted",
        ),
        (
            f"{DB}/withdrawal.py",
            "        Fate.WITHDRAWN if len(todos) == len(bound) else "
            "Fate.DELETED,\n",
            "        Fate.WITHDRAWN,\n",
        ),
    ),
    fault(
        "2.9",
        "the mapping of a withdrawn server counts against the quota",
        tests(
            "functional.test_withdrawal",
            "DecisionsOnSqlite.test_all_of_them_are_withdrawn",
        ),
        (
            f"{DB}/withdrawal.py",
            "    _queue_for_deletion(connection, list(todos))\n",
            "",
        ),
    ),
    fault(
        "2.10",
        "a withdrawal deletes volumes",
        tests(
            "functional.test_undoing", "Undoing.test_the_volume_can_be_used_*"
        ),
        (
            f"{NOVA}/undoing.py",
            "            volumes.attachment_delete(context, attachment)\n",
            "            volumes.delete(context, attachment)\n",
        ),
    ),
    fault(
        "2.11",
        "allocations of a withdrawn server stay",
        tests("functional.test_undoing", "Undoing.test_all_of_it"),
        (f"{NOVA}/undoing.py", "    _free_allocations,\n", ""),
    ),
    fault(
        "2.12",
        "what the conductor makes of a withdrawn server stays",
        tests(
            "functional.test_withdrawal_steps",
            "StepsUndoneAtOnce.test_where_the_quota_recheck_fails",
        ),
        (
            f"{NOVA}/undoing.py",
            "    removed = _remove(context, cell, mapped | unmapped)\n",
            "    removed: set[str] = set()\n",
        ),
    ),
    fault(
        "2.13",
        "a group's quota takes the server back, and its token stays bound",
        tests(
            "functional.test_refusals",
            "RefusedOnSqlite.test_a_quota_that_takes_the_server_back",
        ),
        (
            f"{SQL}/statements.py",
            "        if ends and result.rowcount:\n",
            "        if ends and result.rowcount > 1:\n",
        ),
    ),
    fault(
        "2.14",
        "what a worker withdrew that died then is never undone",
        tests(
            "unit.library.test_withdrawal",
            "WithdrawnTest.test_its_worker_may_die_too_*",
        ),
        (
            f"{ENGINE}/attempt.py",
            _STILL_TO_UNDO + "        return claim\n",
            "        return claim\n",
        ),
    ),
    fault(
        "2.15",
        "a withdrawal and the conductor break each other off",
        tests(
            "functional.test_withdrawal",
            "DecisionsOnSqlite.test_it_locks_in_the_order_of_the_conductor",
        ),
        (
            f"{DB}/withdrawal.py",
            "    return connection.execute(sa.delete(_REQUESTS).where(mine))."
            "rowcount == 1\n",
            "    keys = connection.scalars(sa.select(_REQUESTS.c.id).where(mine)).all()\n"
            "    mine = _REQUESTS.c.id.in_(keys)\n"
            "    return connection.execute(sa.delete(_REQUESTS).where(mine))."
            "rowcount == 1\n",
        ),
    ),
    fault(
        "2.16",
        "a request that lost its token adds its server to a group",
        tests(
            "functional.test_lost_casts",
            "CrashesOnSqlite.test_the_first_worker_wakes_*",
        ),
        (
            f"{DB}/kinds.py",
            "    later=(api_models.InstanceGroupMember,),\n",
            "",
        ),
    ),
    fault(
        "4.1",
        "a thread that could not be started is taken for a running one",
        tests(
            "unit.library.test_heartbeat",
            "NoThreadTest.test_the_next_request_is_renewed",
        ),
        _STARTED_BY_WORD,
    ),
    fault("4.1", "the same, simulated", Simulated(), _STARTED_BY_WORD),
    fault(
        "4.2",
        "a thread that cannot be started fails the request, and leaves a claim",
        tests(
            "unit.library.test_heartbeat",
            "NoThreadTest.test_the_request_runs_and_leaves_no_claim",
        ),
        (
            f"{ENGINE}/heartbeat.py",
            """\
            self._claims[claim.owner] = claim
        try:
            # Without the thread the lease is not renewed for now. That is
            # safe: a retry that takes over meets the fence.
            self._thread.ensure()
            yield
""",
            """\
            self._claims[claim.owner] = claim
        self._thread.ensure()
        try:
            yield
""",
        ),
        (
            f"{ENGINE}/periodic.py",
            """\
                    exc,
                )
                return
""",
            """\
                    exc,
                )
                raise
""",
        ),
    ),
    fault(
        "4.3",
        "an error that nobody expects ends the renewals",
        tests(
            "unit.library.test_heartbeat",
            "HeartbeatTest.test_an_error_that_nobody_expects_does_not_end_it",
        ),
        (
            f"{ENGINE}/heartbeat.py",
            "        except Exception as exc:\n",
            "        except KeyError as exc:\n",
        ),
        (
            f"{ENGINE}/periodic.py",
            "        except Exception as exc:\n",
            "        except KeyError as exc:\n",
        ),
    ),
    fault(
        "4.4",
        "a thread that ended by an error is not replaced",
        tests(
            "unit.library.test_heartbeat",
            "HeartbeatTest.test_a_thread_that_ended_by_any_error_is_replaced",
        ),
        (
            f"{ENGINE}/periodic.py",
            """\
            with self._lock:
                self._pid = None
            raise
""",
            "            raise\n",
        ),
    ),
)
