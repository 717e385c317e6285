# SPDX-License-Identifier: Apache-2.0
"""Switches safeguards off, so that the simulator must find violations.

For this process only, and by nothing but the command line and the tests of
the simulator: the product has no such switch.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import os
import typing as ty

from openstack_idempotency.engine import attempt
from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.execution import Execution
from openstack_idempotency.engine.execution import Settled
from openstack_idempotency.engine.periodic import Periodic
from openstack_idempotency.engine.returns import Returns
from openstack_idempotency.engine.waiting import WaitingRoom
from openstack_idempotency.protocol import decision
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.answer import Reply
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.protocol.withdrawn import Fate
from openstack_idempotency.protocol.withdrawn import Withdrawn
from simulation import process
from simulation.linked import Linked
from simulation.looking import Looking
from simulation.servers import Servers
from simulation.store import Store

_run_reply = Execution._reply
_run_ensure = Periodic.ensure
_look = Looking.look


class Mutation(enum.Enum):
    """What is switched off; a number is that of a fault in mutations/table."""

    NO_CLEANUP_FENCE = "2-no-fence-on-clean-up"
    NO_WITHDRAWAL = "2-no-withdrawal"
    LATE_SUCCESS = "2-late-success"
    ALL_WAIT = "3-all-wait"
    WAIT_LONG = "3-wait-long"
    NO_MORE_BEATS = "4-no-more-beats"
    NO_ROLES = "7-no-roles"
    LOSERS_ANSWER = "9-losers-answer"
    SUCCESS_UNSETTLED = "9-success-unsettled"
    NOT_GIVEN_BACK = "9-not-given-back"
    RUN_AFTER_UPGRADE = "14f-run-after-upgrade"
    LEASE_STAYS = "14m-lease-stays"
    LATE_RUN = "late-run"
    SHORT_LIFE = "short-life"
    NO_FENCE = "no-fence"
    NO_COMPARE = "no-compare"
    NO_LINK = "no-link"
    OLD_BINDINGS = "old-bindings"

    @contextlib.contextmanager
    def applied(self) -> ty.Iterator[None]:
        """Switch it off while the body runs."""
        owner, name, value = _PATCHES[self]
        before = owner.__dict__[name]
        setattr(owner, name, value)
        try:
            yield
        finally:
            setattr(owner, name, before)


def _taken(*ignored: ty.Any) -> Withdrawn:
    return Withdrawn(Fate.TAKEN)


def _success_though_lost(
    self: Execution,
    claim: Claim,
    answer: Answer,
    settled: Settled,
    expires_at: int,
) -> Reply:
    if settled is Settled.LOST and answer.status < 400:
        return Reply(answer, Verdict.EXECUTED, expires_at)
    return _run_reply(self, claim, answer, settled, expires_at)


def _answer_though_lost(
    self: Execution,
    claim: Claim,
    answer: Answer,
    settled: Settled,
    expires_at: int,
) -> Reply:
    if settled is Settled.LOST and answer.status >= 400:
        refused = answer.status < 500
        verdict = Verdict.EXECUTED if refused else Verdict.INTERRUPTED
        return Reply(answer, verdict)
    return _run_reply(self, claim, answer, settled, expires_at)


def _success_though_open(
    self: Execution, claim: Claim, answer: Answer
) -> Reply:
    return Reply(answer, Verdict.EXECUTED)


def _started_though_not(self: Periodic) -> None:
    _run_ensure(self)
    self._pid = os.getpid()


def _with_all_roles(
    record: Record | None, asked: decision.Asked, now: int, life: int
) -> decision.Decision:
    roles = asked.roles if record is None else record.roles
    asked = dataclasses.replace(asked, roles=roles)
    return decision.decide(record, asked, now, life)


def _as_it_is_now(self: Looking, use: Use) -> tuple[int, Record | None]:
    now, record = _look(self, use)
    return now, record and dataclasses.replace(record, linked=use.linked)


def _runs(run: decision.Decision, *ignored: ty.Any) -> decision.Decision:
    return run


def _nothing(*ignored: ty.Any, **also: ty.Any) -> None:
    pass


def _true(*ignored: ty.Any) -> bool:
    return True


@contextlib.contextmanager
def _goes_on(self: Execution, claim: Claim) -> ty.Iterator[None]:
    yield


# By mutation: whose attribute is replaced, which, and by what.
_PATCHES: dict[Mutation, tuple[ty.Any, str, ty.Any]] = {
    Mutation.NO_CLEANUP_FENCE: (Linked, "guarded", False),
    Mutation.NO_WITHDRAWAL: (Servers, "withdraw", _taken),
    Mutation.LATE_SUCCESS: (Execution, "_reply", _success_though_lost),
    Mutation.ALL_WAIT: (WaitingRoom, "enter", _true),
    Mutation.WAIT_LONG: (
        process,
        "_LIMITS",
        dataclasses.replace(process._LIMITS, wait_timeout=600.0),
    ),
    Mutation.NO_MORE_BEATS: (Periodic, "ensure", _started_though_not),
    Mutation.NO_ROLES: (attempt, "decide", _with_all_roles),
    Mutation.LOSERS_ANSWER: (Execution, "_reply", _answer_though_lost),
    Mutation.SUCCESS_UNSETTLED: (
        Execution,
        "_unsettled",
        _success_though_open,
    ),
    Mutation.NOT_GIVEN_BACK: (Returns, "add", _nothing),
    Mutation.RUN_AFTER_UPGRADE: (Looking, "look", _as_it_is_now),
    Mutation.LEASE_STAYS: (Execution, "ended", _goes_on),
    Mutation.LATE_RUN: (decision, "_of_a_new_one", _runs),
    Mutation.SHORT_LIFE: (Servers, "lasting", False),
    Mutation.NO_FENCE: (Looking, "holds", staticmethod(_true)),
    Mutation.NO_COMPARE: (Looking, "as_read", staticmethod(_true)),
    Mutation.NO_LINK: (Linked, "_bind", _nothing),
    Mutation.OLD_BINDINGS: (Store, "_forget", _nothing),
}
