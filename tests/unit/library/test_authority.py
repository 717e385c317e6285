# SPDX-License-Identifier: Apache-2.0
"""A retry needs the authority of the first request: protocol section 2."""

from __future__ import annotations

from openstack_idempotency.fixture import fakes
from openstack_idempotency.protocol.answer import Answer
from openstack_idempotency.protocol.evidence import Evidence
from openstack_idempotency.protocol.evidence import Started
from tests.unit.library import base
from tests.unit.library.base import ACCEPTED
from tests.unit.library.base import answers
from tests.unit.library.base import FAILED
from tests.unit.library.base import REFUSED
from tests.unit.library.states import StatesTestCase
from tests.unit.library.states import Told

_LARGE = Answer(202, (), b"x" * 1001)
_FEWER = frozenset({"reader"})


class ForbiddenTest(StatesTestCase):
    """The caller lacks a role that the first request had: section 2."""

    def assert_forbidden(self, work: fakes.Work) -> None:
        told = self.told(work, roles=_FEWER)
        self.assertEqual(Told("forbidden", 403), told)
        self.assertEqual((0, []), (work.runs, work.asked_to_rebuild))

    def test_forbidden_to_get_the_stored_answer(self) -> None:
        self.send(answers(ACCEPTED))
        self.assert_forbidden(answers())

    def test_forbidden_to_get_a_failure(self) -> None:
        self.send(answers(FAILED))
        self.assert_forbidden(answers())

    def test_forbidden_to_have_it_rebuilt(self) -> None:
        self.send(self.linked(_LARGE))
        self.assert_forbidden(self.linked())

    def test_forbidden_to_wait(self) -> None:
        self.elsewhere()
        self.assert_forbidden(answers())
        self.assertEqual([], self.clock.slept)

    def test_forbidden_to_recover_it(self) -> None:
        self.dies(self.dying(self.create))
        self.assert_forbidden(self.linked())
        self.assertEqual(0, self.row().takeovers)

    def test_forbidden_to_ask_the_service(self) -> None:
        self.dies(fakes.Work(self.deadly()))
        work = answers()
        work.recorded["req-1"] = Started(Evidence.UNDER_WAY, ACCEPTED)
        self.assert_forbidden(work)

    def test_whoever_has_the_roles_still_gets_it(self) -> None:
        self.send(answers(ACCEPTED))
        self.assert_forbidden(answers())
        told = self.told(answers(), roles=base.ROLES | {"admin"})
        self.assertEqual("replayed", told.state)

    def test_where_it_runs_again_the_service_decides(self) -> None:
        self.dies(self.dying())
        told = self.told(self.linked(), roles=_FEWER)
        self.assertEqual("executed", told.state)
        self.assertEqual(_FEWER, self.row().roles)

    def test_where_the_token_is_free_the_service_decides(self) -> None:
        self.send(answers(REFUSED))
        told = self.told(answers(ACCEPTED), roles=_FEWER)
        self.assertEqual("executed", told.state)

    def test_where_the_token_has_expired_the_service_decides(self) -> None:
        self.send(answers(ACCEPTED))
        self.clock.forward(base.TTL)
        told = self.told(answers(ACCEPTED), roles=_FEWER)
        self.assertEqual("executed", told.state)

    def test_a_different_request_is_told_so(self) -> None:
        self.send(answers(ACCEPTED))
        told = self.told(answers(), roles=_FEWER, body=b"other")
        self.assertEqual("different", told.state)
