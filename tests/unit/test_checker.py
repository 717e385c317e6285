# SPDX-License-Identifier: Apache-2.0
"""The campaign's judge, on histories made by hand."""

from __future__ import annotations

import unittest

from chaos import checker
from chaos.checker import Rule
from chaos.entry import Entry
from chaos.figures import Figures

_SOUND = {"c": Entry(("s1",), ("s1",))}


def event(event, **fields):
    return {"event": event, "caller": "c", **fields}


def sent(key):
    return event("sent", id=key)


def answered(key, made="s1", status=202, replayed=False):
    return event(
        "answered", id=key, made=made, status=status, replayed=replayed
    )


def history(*events):
    return [
        event("token"),
        event("began", id="client"),
        *events,
        event("ended", id="client"),
    ]


FIRST = (sent("1"), answered("1"))
AGAIN = (sent("2"), answered("2", replayed=True))


class CheckerTestCase(unittest.TestCase):
    def assert_found(self, rules, events, entries=_SOUND):
        found = checker.judge(events, entries)
        self.assertEqual(rules, [violation.rule for violation in found])

    def test_a_first_answer_and_its_replay_are_sound(self):
        self.assert_found([], history(*FIRST, *AGAIN))

    def test_broken_and_repeatable_answers_on_the_way_are_sound(self):
        lost = (sent("0"), event("broken", id="0"))
        for status in (409, 500, 503):
            busy = (sent("3"), answered("3", None, status))
            self.assert_found([], history(*lost, *busy, *FIRST))

    def test_two_servers(self):
        entries = {"c": Entry(("s1", "s2"), ("s1", "s2"))}
        self.assert_found([Rule.DUPLICATE], history(*FIRST), entries)

    def test_a_keypair_that_is_there_twice_is_a_duplicate_of_one_name(self):
        entries = {"c": Entry(("s1", "s1"), ("s1",))}
        self.assert_found([Rule.DUPLICATE], history(*FIRST), entries)

    def test_a_server_without_its_token(self):
        entries = {"c": Entry(("s1",), ())}
        self.assert_found([Rule.LOST_MAPPING], history(*FIRST), entries)

    def test_a_token_without_its_server(self):
        entries = {"c": Entry(("s1",), ("s1", "s2"))}
        self.assert_found([Rule.DANGLING], history(*FIRST), entries)

    def test_an_answer_with_a_server_that_never_was(self):
        rules = [Rule.PHANTOM, Rule.DISAGREEMENT]
        other = (sent("2"), answered("2", "s2"))
        self.assert_found(rules, history(*FIRST, *other))

    def test_answers_with_different_servers(self):
        entries = {"c": Entry(("s1", "s2"), ("s1", "s2"))}
        other = (sent("2"), answered("2", "s2"))
        rules = [Rule.DUPLICATE, Rule.DISAGREEMENT]
        self.assert_found(rules, history(*FIRST, *other), entries)

    def test_nobody_got_an_answer(self):
        self.assert_found([Rule.UNANSWERED], history())

    def test_one_client_gave_up(self):
        events = [*history(*FIRST), event("gave-up", id="other")]
        self.assert_found([Rule.UNANSWERED], events)

    def test_an_answer_that_no_repetition_may_get(self):
        refused = (sent("2"), answered("2", None, 404))
        self.assert_found([Rule.REFUSED], history(*FIRST, *refused))

    def test_what_has_not_ended(self):
        for begun in (
            sent("2"),
            event("began", id="other"),
            {"event": "entered", "id": "2", "pid": 7},
        ):
            self.assert_found([Rule.ENDLESS], history(*FIRST, begun))

    def test_a_request_ends_with_its_worker(self):
        entered = {"event": "entered", "id": "2", "pid": 7}
        killed = {"event": "killed", "pid": 7}
        self.assert_found([], history(*FIRST, entered, killed))
        other = {"event": "killed", "pid": 8}
        self.assert_found([Rule.ENDLESS], history(*FIRST, entered, other))

    def test_a_request_that_waited_too_long(self):
        for seconds, rules in (
            (checker.PATIENCE, []),
            (checker.PATIENCE + 1, [Rule.SLOW]),
        ):
            left = {"event": "left", "id": "2", "pid": 7, "seconds": seconds}
            self.assert_found(rules, history(*FIRST, left))

    def test_a_server_of_nobody(self):
        entries = {**_SOUND, "d": Entry(("s2",), ("s2",))}
        self.assert_found([Rule.DUPLICATE], history(*FIRST), entries)


class FiguresTestCase(unittest.TestCase):
    def test_everything_is_counted(self):
        others = [{"event": name} for name in ("killed", "frozen", "cut")]
        events = [*history(*FIRST, *AGAIN), *others, {"event": "takeover"}]
        figures = Figures.of(events)
        expected = (
            "1 tokens, 2 requests, 1 kills, 1 freezes, 1 cuts, "
            "1 takeovers, 1 replays"
        )
        self.assertEqual(expected, str(figures))
        self.assertEqual([], figures.absent)

    def test_what_did_not_happen_is_said(self):
        figures = Figures.of(history(*FIRST))
        absent = ["kills", "freezes", "cuts", "takeovers", "replays"]
        self.assertEqual(absent, figures.absent)
