# SPDX-License-Identifier: Apache-2.0
"""The campaign's judge, on states, bystanders and figures."""

from __future__ import annotations

import unittest

from chaos import checker
from chaos import states
from chaos.entry import Entry
from chaos.figures import Figures
from chaos.rules import Rule
from chaos.subjects import NOVA
from chaos.subjects import SUBJECTS
from tests.unit.histories import AGAIN
from tests.unit.histories import answered
from tests.unit.histories import down
from tests.unit.histories import event
from tests.unit.histories import FIRST
from tests.unit.histories import history
from tests.unit.histories import Judged
from tests.unit.histories import sent
from tests.unit.histories import SOUND
from tests.unit.histories import token


class StateTestCase(Judged):
    def test_all_answers_have_one_if_any_has(self):
        stated = (sent("1"), answered("1", state="executed"))
        self.assert_found([], history(*stated))
        self.assert_found([Rule.STATE], history(*stated, *AGAIN))

    def test_none_is_needed_where_the_service_did_not_come_to_tokens(self):
        early = {**answered("2", None, 500), "before": True}
        stated = (sent("1"), answered("1", state="executed"))
        self.assert_found([], history(*stated, sent("2"), early))

    def test_what_goes_with_each(self):
        again = {"replayed": True}
        later = {"later": True}
        for state, status, fields, sound in (
            ("executed", 202, {}, True),
            ("executed", 500, {}, False),
            ("executed", 202, again, False),
            ("executed", 202, later, False),
            ("executed", 413, later, True),
            ("replayed", 202, again, True),
            ("replayed", 202, {}, False),
            ("rebuilt", 202, again, True),
            ("interrupted", 500, {}, True),
            ("interrupted", 202, {}, False),
            ("interrupted", 503, later, True),
            ("running", 409, later, True),
            ("running", 409, {}, False),
            ("taken-over", 409, later, True),
            ("unavailable", 503, later, True),
            ("unavailable", 500, later, False),
            ("too-many", 429, later, True),
            ("answer-lost", 409, {}, True),
            ("answer-lost", 409, later, False),
            ("failed", 403, {}, True),
            ("failed", 403, again, True),
            ("failed", 413, {**again, **later}, True),
            ("gone", 202, {}, False),
        ):
            told = {"replayed": False, "later": False, **fields}
            fault = states.fault(status, state, **told)
            self.assertEqual(sound, fault is None, (state, status, fields))

    def test_a_client_asks_again_where_it_is_told_to(self):
        for state in states.AGAIN:
            busy = (sent("0"), answered("0", None, 500, state=state))
            events = history(*busy, sent("1"), answered("1", state="executed"))
            self.assertNotIn(Rule.REFUSED, self.rules(events))
        lost = (sent("0"), answered("0", None, 409, state="answer-lost"))
        self.assertIn(Rule.REFUSED, self.rules(history(*lost, *FIRST)))
        # Where it has to be lost, it names what was committed at least.
        lost = (sent("0"), answered("0", "s1", 409, state="answer-lost"))
        self.assertNotIn(Rule.REFUSED, self.rules(history(*lost, *FIRST)))

    def rules(self, events):
        return {found.rule for found in checker.judge(events, SOUND)}


class BystanderTestCase(Judged):
    def asked(self, status=200, seconds=0.1, began=0.0, **fields):
        asked = {"casts": True, "state": None, **fields}
        return {
            **event("bystander", status=status, asks="what", **asked),
            "caller": "b",
            "seconds": seconds,
            "began": began,
        }

    def test_one_who_is_served_at_once(self):
        self.assert_found([], [self.asked()], {})
        self.assert_found([], [self.asked(state="executed")], {})

    def test_one_who_is_not(self):
        for unfair in (
            self.asked(status=409),
            self.asked(status=500),
            self.asked(status=None),
            self.asked(seconds=checker.BOUND + 1),
            self.asked(state="replayed"),
        ):
            self.assert_found([Rule.BYSTANDER], [unfair], {})

    def test_one_who_meets_an_outage(self):
        late = self.asked(status=500, began=5.0, seconds=1.0)
        self.assert_found([], [*down(5.5, 6.5), late], {})
        self.assert_found([], [*down(1.0, 4.5, of="broker"), late], {})
        self.assert_found([], [event("down", 5.5, of="broker"), late], {})
        after = [*down(8.0, 9.0), late]
        self.assert_found([Rule.BYSTANDER], after, {})

    def test_a_broker_is_no_excuse_for_all(self):
        for fields, rules in (
            ({"status": 500}, []),
            ({"status": 202, "seconds": checker.BOUND + 1}, []),
            ({"status": 409}, [Rule.BYSTANDER]),
            ({"status": 500, "casts": False}, [Rule.BYSTANDER]),
        ):
            asked = self.asked(**fields)
            events = [*down(0.0, 1.0, of="broker"), asked]
            self.assert_found(rules, events, {})
            self.assert_found([], [*down(0.0, 1.0), asked], {})

    def test_a_node_is_an_excuse_for_what_failed_meanwhile(self):
        for fields, rules in (
            ({"status": 503, "state": "unavailable"}, []),
            ({"status": 500, "state": None}, []),
            ({"status": 503, "state": None}, [Rule.BYSTANDER]),
            ({"status": 500, "state": "interrupted"}, [Rule.BYSTANDER]),
            ({"status": 503, "began": 9.0}, [Rule.BYSTANDER]),
            ({"status": 409}, [Rule.BYSTANDER]),
            ({"status": None}, [Rule.BYSTANDER]),
            ({"seconds": checker.BOUND + 1}, [Rule.BYSTANDER]),
        ):
            asked = self.asked(**fields)
            for node in ("dead node", "lone node"):
                events = [*down(0.0, 1.0, of=node), asked]
                self.assert_found(rules, events, {})

    def test_one_who_makes_something(self):
        one = {"b": Entry(("s1",), ("s1",))}
        self.assert_found([], [self.asked()], one)
        two = {"b": Entry(("s1", "s2"), ("s1", "s2"))}
        self.assert_found([Rule.DUPLICATE], [self.asked()], two)


class FiguresTestCase(unittest.TestCase):
    def test_everything_is_counted(self):
        names = ("killed", "frozen", "cut", "takeover", "bystander")
        events = [
            *history(*FIRST, *AGAIN, of=token(count=2, grouped=True)),
            *(event(name) for name in names),
            *down(0.0, 1.0),
            *down(2.0, 3.0, of="broker"),
            {**token(refusal=403), "caller": "d"},
            {**answered("3", None, 403), "caller": "d"},
        ]
        figures = Figures.of(events, [Entry(withdrawn=("s8", "s9"))])
        expected = (
            "1 nodes, 2 tokens, 2 requests, 1 bystanders, 1 kills, "
            "1 freezes, 1 cuts, 1 restarts, 1 outages, 0 deaths, "
            "0 partitions, 1 takeovers, 1 replays, 1 refusals, 2 multiples, "
            "2 groups, 0 changes, 2 withdrawals"
        )
        self.assertEqual(expected, str(figures))
        self.assertEqual([], figures.absent(NOVA.never, short=False))

    def test_what_did_not_happen_is_said(self):
        figures = Figures.of(history(*FIRST))
        absent = (
            "bystanders kills freezes cuts restarts outages takeovers "
            "replays refusals multiples groups changes withdrawals"
        )
        self.assertEqual(absent.split(), figures.absent(short=False))
        self.assertNotIn("withdrawals", figures.absent(short=True))

    def test_what_changes_only_what_is_there_is_counted(self):
        events = history(*FIRST, of=token("tags", changes=True))
        self.assertEqual(1, Figures.of(events).changes)

    def test_what_a_service_cannot_have_is_not_missed(self):
        for name in ("keystone", "neutron"):
            never = SUBJECTS[name].never
            absent = Figures.of(history(*FIRST)).absent(never, short=False)
            self.assertIn("changes", absent)
            self.assertIn("restarts", absent)
            self.assertEqual(set(), {"outages", "withdrawals"} & {*absent})

    def test_on_a_cluster_it_is_nodes_that_get_into_trouble(self):
        events = [*down(0.0, 1.0, of="dead node"), *history(*FIRST)]
        absent = Figures.of(events, nodes=3).absent(short=True)
        self.assertIn("partitions", absent)
        self.assertEqual(set(), {"deaths", "restarts", "outages"} & {*absent})


class CopiesTestCase(unittest.TestCase):
    def test_nodes_that_hold_the_same(self):
        here = {"a": Entry(made=("s1", "s2"))}
        there = {"a": Entry(made=("s2", "s1"))}
        self.assertEqual([], [*checker.of_copies([here, there, here])])

    def test_one_that_lacks_something(self):
        found = checker.of_copies([{"a": Entry(made=("s1",))}, {}])
        self.assertEqual(
            [(Rule.DIVERGED, "a")],
            [(violation.rule, violation.caller) for violation in found],
        )
