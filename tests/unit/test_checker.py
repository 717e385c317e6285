# SPDX-License-Identifier: Apache-2.0
"""The campaign's judge, on histories made by hand."""

from __future__ import annotations

from chaos import checker
from chaos import delivery
from chaos.entry import Entry
from chaos.rules import Rule
from tests.unit.histories import AGAIN
from tests.unit.histories import answered
from tests.unit.histories import built
from tests.unit.histories import down
from tests.unit.histories import event
from tests.unit.histories import FIRST
from tests.unit.histories import handed
from tests.unit.histories import history
from tests.unit.histories import Judged
from tests.unit.histories import sent
from tests.unit.histories import SOUND
from tests.unit.histories import token


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
        entries = {**SOUND, "d": Entry(("s2",), ("s2",))}
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
    def assert_delivered(self, rules, *conductor, entries=SOUND):
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
