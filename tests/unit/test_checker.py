# SPDX-License-Identifier: Apache-2.0
"""The campaign's judge, on histories made by hand."""

from __future__ import annotations

import unittest

from chaos import checker
from chaos import delivery
from chaos import states
from chaos.entry import Entry
from chaos.figures import Figures
from chaos.rules import Rule

_SOUND = {"c": Entry(("s1",), ("s1",))}


def event(event, at=0.0, **fields):
    return {"event": event, "caller": "c", "at": at, **fields}


def sent(key):
    return event("sent", id=key)


def answered(
    key, made="s1", status=202, *, replayed=False, state=None, later=None
):
    return event(
        "answered",
        id=key,
        made=made,
        status=status,
        replayed=replayed,
        state=state,
        later=status in (409, 503) if later is None else later,
    )


def token(kind="server", count=1, refusal=None, grouped=False):
    return event(
        "token", kind=kind, count=count, refusal=refusal, grouped=grouped
    )


def handed(*servers, at=0.0):
    return event("handed", at, id="cast", servers=servers)


def built(*servers, ended="done"):
    return [
        handed(*servers),
        *(event("built", server=server) for server in servers),
        event(ended, id="cast", servers=servers),
    ]


def history(*events, of=None, conductor=None):
    return [
        of or token(),
        event("began", id="client"),
        *events,
        event("ended", id="client"),
        *(built("s1") if conductor is None else conductor),
    ]


def down(start, end, of="database"):
    return [event("down", start, of=of), event("up", end, of=of)]


FIRST = (sent("1"), answered("1"))
AGAIN = (sent("2"), answered("2", replayed=True))


class Judged(unittest.TestCase):
    def assert_found(self, rules, events, entries=_SOUND):
        found = checker.judge(events, entries)
        self.assertEqual(rules, [violation.rule for violation in found])


class CheckerTestCase(Judged):
    def test_a_first_answer_and_its_replay_are_sound(self):
        self.assert_found([], history(*FIRST, *AGAIN))

    def test_broken_and_repeatable_answers_on_the_way_are_sound(self):
        lost = (sent("0"), event("broken", id="0"))
        for status in (409, 500, 503):
            busy = (sent("3"), answered("3", None, status))
            self.assert_found([], history(*lost, *busy, *FIRST))

    def test_two_servers(self):
        entries = {"c": Entry(("s1", "s2"), ("s1", "s2"))}
        events = history(*FIRST, conductor=built("s1", "s2"))
        self.assert_found([Rule.DUPLICATE], events, entries)

    def test_several_servers(self):
        three = ("s1", "s2", "s3")
        for made, rules in (
            (three, []),
            (three[:2], [Rule.SHORT]),
            ((*three, "s4"), [Rule.DUPLICATE]),
        ):
            events = history(*FIRST, of=token(count=3), conductor=built(*made))
            self.assert_found(rules, events, {"c": Entry(made, made)})

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
        events = history(*FIRST, *other, conductor=built("s1", "s2"))
        self.assert_found(rules, events, entries)

    def test_nobody_got_an_answer(self):
        self.assert_found([Rule.UNANSWERED], history())

    def test_one_client_gave_up(self):
        events = [*history(*FIRST), event("gave-up", id="other")]
        self.assert_found([Rule.UNANSWERED], events)

    def test_an_answer_that_no_retry_may_get(self):
        refused = (sent("2"), answered("2", None, 404))
        self.assert_found([Rule.REFUSED], history(*FIRST, *refused))

    def test_a_conflict_for_which_no_retry_is_asked(self):
        lost = (sent("2"), answered("2", None, 409, later=False))
        self.assert_found([Rule.REFUSED], history(*FIRST, *lost))

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

    def test_what_has_to_be_refused(self):
        refused = (sent("1"), answered("1", None, 403))
        for answers, entry, rules in (
            (refused, Entry(), []),
            ((), Entry(), [Rule.UNANSWERED]),
            ((sent("1"), answered("1", None, 400)), Entry(), [Rule.REFUSED]),
            # Of a try that came late, and died: a retry takes it back.
            (refused, Entry(("s1",), ("s1",)), []),
            (
                refused,
                Entry(("s1", "s2"), ("s2",)),
                [Rule.LOST_MAPPING, Rule.LEFT],
            ),
            (refused, Entry((), ("s1",)), [Rule.DANGLING]),
            (FIRST, Entry(("s1",), ("s1",)), [Rule.ACCEPTED]),
        ):
            events = history(*answers, of=token(refusal=403))
            entries = {"c": entry, "d": Entry()}
            if not entry.made:
                events = history(*answers, of=token(refusal=403), conductor=())
            self.assert_found(rules, events, entries)

    def test_a_refusal_that_says_that_it_left_something(self):
        said = (sent("1"), answered("1", None, 403, state="failed"))
        events = history(*said, of=token(refusal=403))
        self.assert_found([], events)


class DeliveryTestCase(Judged):
    def assert_delivered(self, rules, *conductor, entries=_SOUND):
        self.assert_found(rules, history(*FIRST, conductor=conductor), entries)

    def test_a_server_that_the_conductor_never_heard_of(self):
        self.assert_delivered([Rule.UNBUILT])

    def test_a_server_that_it_dropped(self):
        for end in ("done", "failed"):
            ended = event(end, id="cast", servers=["s1"])
            self.assert_delivered([Rule.UNBUILT], handed("s1"), ended)

    def test_a_server_that_it_lost_with_the_database(self):
        fails = event("failed", 2.0, id="cast", servers=["s1", "s2"])
        stray = {"c": Entry(("s1",), ("s1",), stray=("s2",))}
        cast = (handed("s1", "s2", at=1.0), fails)
        self.assert_delivered([], *down(0.5, 1.5), *cast, entries=stray)
        self.assert_delivered(
            [Rule.UNBUILT, Rule.STRAY],
            *down(0.5, 1.5, of="broker"),
            *cast,
            entries=stray,
        )

    def test_a_server_that_is_buried(self):
        buried = event("buried", server="s1")
        done = event("done", id="cast", servers=["s1"])
        self.assert_delivered([], handed("s1"), buried, done)

    def test_a_server_that_is_nowhere(self):
        for entry, rules in (
            (Entry(("s1",), ("s1",), gone=("s2",)), []),
            (Entry((), (), gone=("s1",)), [Rule.GONE, Rule.STRAY]),
            (Entry(("s1",), ("s1", "s2"), gone=("s2",)), [Rule.DANGLING]),
        ):
            self.assert_found(rules, history(*FIRST), {"c": entry})

    def test_a_withdrawn_server_in_a_cell(self):
        stray = {"c": Entry(("s1",), ("s1",), stray=("s2",))}
        self.assert_delivered([Rule.STRAY], *built("s1"), entries=stray)

    def test_a_withdrawn_server_that_a_compute_is_given(self):
        self.assert_delivered([Rule.STRAY], *built("s1", "s2"))

    def test_allocations_of_a_withdrawn_server(self):
        claimed = event("claimed", servers=["s1", "s2"])
        freed = event("freed", server="s2")
        self.assert_delivered([Rule.KEPT], claimed, *built("s1"))
        self.assert_delivered([Rule.KEPT], freed, claimed, *built("s1"))
        self.assert_delivered([], claimed, *built("s1"), freed)

    def test_keypairs_are_not_for_the_conductor(self):
        events = history(*FIRST, of=token(kind="keypair"), conductor=())
        self.assert_found([], events)

    def test_it_is_waited_for(self):
        events = history(*FIRST, conductor=())
        named = checker.named(events)
        self.assertEqual({"s1"}, named)
        self.assertFalse(delivery.settled(events, named))
        self.assertFalse(delivery.settled([*events, handed("s1")], named))
        self.assertTrue(delivery.settled([*events, *built("s1")], named))


class StateTestCase(Judged):
    def test_all_answers_have_one_if_any_has(self):
        stated = (sent("1"), answered("1", state="executed"))
        self.assert_found([], history(*stated))
        self.assert_found([Rule.STATE], history(*stated, *AGAIN))

    def test_what_goes_with_each(self):
        again = {"replayed": True}
        later = {"later": True}
        for state, status, fields, sound in (
            ("executed", 202, {}, True),
            ("executed", 500, {}, False),
            ("executed", 202, again, False),
            ("replayed", 202, again, True),
            ("replayed", 202, {}, False),
            ("rebuilt", 202, again, True),
            ("interrupted", 500, {}, True),
            ("interrupted", 202, {}, False),
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

    def rules(self, events):
        return {found.rule for found in checker.judge(events, _SOUND)}


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
            "2 tokens, 2 requests, 1 bystanders, 1 kills, 1 freezes, 1 cuts, "
            "1 restarts, 1 outages, 1 takeovers, 1 replays, 1 refusals, "
            "2 multiples, 2 groups, 2 withdrawals"
        )
        self.assertEqual(expected, str(figures))
        self.assertEqual([], figures.absent(short=False))

    def test_what_did_not_happen_is_said(self):
        figures = Figures.of(history(*FIRST))
        absent = (
            "bystanders kills freezes cuts restarts outages takeovers "
            "replays refusals multiples groups withdrawals"
        )
        self.assertEqual(absent.split(), figures.absent(short=False))
        self.assertNotIn("withdrawals", figures.absent(short=True))
