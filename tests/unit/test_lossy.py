# SPDX-License-Identifier: Apache-2.0
"""The judge of the lossy campaigns finds each thing that can be wrong."""

from __future__ import annotations

from email.message import Message
import random

import ddt
import testtools

from lossy import campaign
from lossy import cases
from lossy import judge
from lossy.cases import By
from lossy.cases import Case
from lossy.cases import Kind
from lossy.cases import Run
from lossy.cases import Story
from lossy.director import Director
from lossy.director import Seen
from lossy.judge import Rule
from lossy.ledger import Found
from lossy.luck import ByChance
from lossy.luck import Once
from testing.trouble import Exchange
from testing.trouble import PASS
from testing.trouble import Where

SAFE = "WARNING: no answer came. Run the same command again: it is safe."
LOOK = "WARNING: no answer came. Look first: 'nova client-token-show 01234567'"
DONE = Run(0, "all", "")


def story(*runs, answer="id", by=By.NOVA, kind=Kind.SERVER):
    return Story(Case("it", by, kind), [*runs], answer)


def seen(path, method="POST", run=1):
    return Seen("it", method, path, PASS, run)


def exchange(method="POST", path="/v2.1/servers", who="", body=b""):
    return Exchange(who, method, path, Message(), body)


@ddt.ddt
class PromisedTest(testtools.TestCase):
    def rules(self, story_, *found, requests=()):
        requests = requests or [seen("/v2.1/servers")]
        there = {"it": [Found(one) for one in found]}
        return [one.rule for one in judge.promised(story_, there, requests)]

    def test_all_is_well(self):
        again = story(Run(-9, "", ""), Run(1, "", SAFE), DONE)
        self.assertEqual([], self.rules(again, "id"))

    def test_two_servers(self):
        self.assertEqual([Rule.DUPLICATE], self.rules(story(DONE), "id", "2"))

    def test_none(self):
        self.assertEqual([Rule.LOST], self.rules(story(DONE)))

    def test_no_answer(self):
        none = story(Run(1, "", SAFE), answer=None)
        self.assertEqual([Rule.UNANSWERED], self.rules(none, "id"))

    def test_answer_of_another_server(self):
        self.assertEqual([Rule.OTHER], self.rules(story(DONE), "other"))

    def test_fingerprint_of_a_key(self):
        go = story(DONE, answer="f", by=By.GO, kind=Kind.KEYPAIR)
        there = {"it": [Found("ssh-rsa AAAA", "f")]}
        self.assertEqual([], [*judge.promised(go, there, ())])
        there = {"it": [Found("ssh-rsa AAAA", "g")]}
        (other,) = judge.promised(go, there, ())
        self.assertIs(Rule.OTHER, other.rule)

    def test_key_that_does_not_fit(self):
        key = story(DONE, answer="no key", kind=Kind.KEYPAIR)
        self.assertEqual([Rule.OTHER], self.rules(key, "ssh-ed25519 AAAA"))

    def test_user_who_is_asked(self):
        asked = story(Run(1, "", LOOK), DONE)
        self.assertEqual([Rule.ASKED, Rule.SILENT], self.rules(asked, "id"))

    def test_traceback(self):
        broken = story(Run(1, "", f"Traceback\n{SAFE}"), DONE)
        self.assertEqual([Rule.TRACEBACK], self.rules(broken, "id"))

    def test_traceback_in_a_log(self):
        log = f"Failed to parse headers (url=x): y\nTraceback\n{SAFE}"
        self.assertEqual([], self.rules(story(Run(1, "", log), DONE), "id"))

    def test_failure_without_a_word(self):
        silent = story(Run(1, "", "ERROR (ConnectFailure)"), DONE)
        self.assertEqual([Rule.SILENT], self.rules(silent, "id"))

    @ddt.data((By.NOVA, []), (By.OPENSTACK, [Rule.SILENT]))
    @ddt.unpack
    def test_failure_before_extensions_are_loaded(self, by, rules):
        early = story(Run(1, "", "ERROR (ConnectFailure)"), DONE, by=by)
        asked = (seen("/v2.1/", "GET"), seen("/v2.1/servers", run=2))
        self.assertEqual(rules, self.rules(early, "id", requests=asked))


class UnpromisedTest(testtools.TestCase):
    def rules(self, story_, *found, posts=1):
        requests = [seen("/v2.1/servers")] * posts
        there = {"it": [Found(one) for one in found]}
        return [one.rule for one in judge.unpromised(story_, there, requests)]

    def test_all_is_well(self):
        looks = story(Run(-9, "", ""), Run(1, "", LOOK), answer=None)
        self.assertEqual([], self.rules(looks, "id"))
        self.assertEqual([], self.rules(looks))

    def test_sent_twice(self):
        looks = story(Run(1, "", LOOK), answer=None)
        self.assertEqual([Rule.TWICE], self.rules(looks, "id", posts=2))

    def test_words_that_are_not_true(self):
        lies = story(Run(1, "", f"{LOOK} {SAFE}"), answer=None)
        self.assertEqual([Rule.SILENT], self.rules(lies))

    def test_no_word(self):
        self.assertEqual([Rule.SILENT], self.rules(story(Run(1, "", ""))))


class LuckTest(testtools.TestCase):
    def troubles(self, luck):
        return [luck.next(exchange()) for _ in range(40)]

    def test_it_is_the_same_by_its_seed(self):
        for number in range(20):
            one, other = (ByChance(f"{number}", 0.3) for _ in range(2))
            self.assertEqual(self.troubles(one), self.troubles(other))

    def test_it_ends(self):
        for number in range(20):
            self.assertEqual(
                [PASS] * 20, self.troubles(ByChance(f"{number}", 0.3))[-20:]
            )

    def test_once_is_once_and_for_a_post(self):
        luck = Once("1", 0.3)
        self.assertIs(PASS, luck.next(exchange("GET")))
        first, *others = self.troubles(luck)
        self.assertIsNot(PASS, first)
        self.assertEqual([PASS] * 39, others)

    def test_all_happens(self):
        found = {
            (trouble.where, trouble.kills)
            for number in range(200)
            for trouble in self.troubles(ByChance(f"{number}", 0.3))
        }
        for where in Where:
            self.assertIn((where, True), found)
            self.assertIn((where, False), found)


class DirectorTest(testtools.TestCase):
    def test_a_case_is_known_by_its_client_or_by_its_name(self):
        director = Director()
        director.lucks["web"] = ByChance("1", 0)
        for each in (
            exchange(who="web", path="/v2.1/os-client-tokens", method="GET"),
            exchange(who="sdk", body=b'{"server": {"name": "web"}}'),
        ):
            director.trouble(each)
        self.assertEqual(2, len(director.of("web")))


class CasesTest(testtools.TestCase):
    def test_one_alone_has_its_own_luck(self):
        numbers = {By.NOVA: 3, By.SDK: 2}
        seed = random.Random(1).getrandbits(32)
        all_ = campaign.Wanted(seed, numbers).cases()
        self.assertEqual(5, len({case.name for case in all_}))
        only = frozenset({"nova-server-1"})
        alone = campaign.Wanted(seed, numbers, only=only)
        self.assertEqual([all_[2]], alone.cases())
        self.assertEqual(cases.make(numbers), all_)
