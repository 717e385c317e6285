# SPDX-License-Identifier: Apache-2.0
"""The commands that remember tokens, killed, before the real look-up."""

from __future__ import annotations

import re
import unittest

from lossy import commands
from lossy import judge
from lossy import ledger
from lossy import stage
from lossy.cases import By
from lossy.cases import Case
from lossy.cases import Kind
from lossy.luck import LOOK_UP
from testing.cloud import Cloud
from testing.trouble import End
from testing.trouble import Exchange
from testing.trouble import PASS
from testing.trouble import Trouble
from testing.trouble import Where

CLOUD: Cloud
EVERY_HOST = True

BEFORE = Trouble(Where.BEFORE, End.DROPPED, kills=True)
AFTER = Trouble(Where.AFTER, End.DROPPED, kills=True)


def setUpModule() -> None:
    global CLOUD  # noqa: PLW0603
    CLOUD = Cloud(nova=stage.options(every_host=EVERY_HOST))
    unittest.addModuleCleanup(CLOUD.close)


def operator_says(every_host: bool) -> None:
    """Start the cloud again, if its operator has not said so before."""
    global EVERY_HOST  # noqa: PLW0603
    if EVERY_HOST is not every_host:
        CLOUD.stack.stop()
        CLOUD.restart(stage.options(every_host=every_host))
        EVERY_HOST = every_host


class Once:
    """Trouble for the first request of a kind."""

    def __init__(self, trouble: Trouble, *, of_look_up: bool = False) -> None:
        self._trouble = trouble
        self._of_look_up = of_look_up

    def next(self, exchange: Exchange) -> Trouble:
        asked = LOOK_UP in exchange.path
        posted = exchange.method == "POST"
        if not (asked if self._of_look_up else posted):
            return PASS
        mine, self._trouble = self._trouble, PASS
        return mine

    def death(self) -> None:
        return None


class ClientsTest(unittest.TestCase):
    every_host = True

    def setUp(self) -> None:
        operator_says(self.every_host)
        self.stage = self.enterContext(stage.on(CLOUD))

    def run_(self, case, *words):
        """Run a case's command, or another one of the same program."""
        line = words or commands.words(case, self.stage.desk)
        return self.stage.commands.run(case, line)

    def killed(self, case, luck):
        """Run a case's command, which is killed."""
        self.stage.director.lucks[case.name] = luck
        self.assertTrue(self.run_(case).killed)

    def about(self, case, verb, *words):
        """Run a command about tokens, and return what it prints."""
        line = ["nova", f"client-token-{verb}"]
        if case.by is By.OPENSTACK:
            line = ["openstack", "client", "token", verb]
        done = self.run_(case, *line, *words)
        self.assertEqual(0, done.status, done.errors)
        return done.output + done.errors

    def remembered(self, case):
        """Return the ids of what is remembered, as the command lists it."""
        return re.findall(r"^\| ([0-9a-f]{8}) ", self.about(case, "list"),
                          re.MULTILINE)  # fmt: skip

    def found(self, case):
        """Return the ids of what the cloud has by the case's name."""
        there = ledger.of(CLOUD).get(case.name, [])
        return [one.id for one in there]


class PromisedTest(ClientsTest):
    """On a cloud whose operator says ``every_host``."""

    def assert_ends_with_one(self, case, luck):
        self.killed(case, luck)
        again = self.stage.commands.until_done(case)
        self.assertEqual(1, len(again.runs), again)
        self.assertEqual(self.found(case), [again.answer])
        self.assertEqual(0, self.stage.desk.remembered)
        return again

    def test_nova_killed_before_its_post_left(self):
        case = Case("unsent", By.NOVA, Kind.SERVER)
        again = self.assert_ends_with_one(
            case, Once(BEFORE, of_look_up=True)
        )
        self.assertNotIn("run before", again.runs[0].errors)

    def test_openstack_killed_before_its_post_arrived(self):
        case = Case("never-arrived", By.OPENSTACK, Kind.SERVER)
        again = self.assert_ends_with_one(case, Once(BEFORE))
        self.assertIn("run before", again.runs[0].errors)

    def test_openstack_keypair_is_usable(self):
        case = Case("usable", By.OPENSTACK, Kind.KEYPAIR)
        self.killed(case, Once(AFTER))
        again = self.stage.commands.until_done(case)
        self.assertEqual(1, len(again.runs), again)
        key = self.stage.desk.key(case)
        self.assertEqual(0o600, key.stat().st_mode & 0o777)
        self.assertEqual(self.found(case), [ledger.public(key.read_text())])

    def assert_goes_on(self, case):
        """Look at what is remembered of a command that was killed; go on."""
        self.killed(case, Once(AFTER))
        (name,) = self.remembered(case)
        shown = self.about(case, "show", name)
        self.assertIn("state: succeeded", shown)
        self.assertIn(self.found(case)[0], shown)
        self.assertIn("run the command again",
                      self.about(case, "resume", name))
        again = self.run_(case)
        self.assertEqual(0, again.status, again.errors)
        self.assertIn("given before", again.errors)
        self.assertEqual(1, len(self.found(case)))
        self.assertEqual(0, self.stage.desk.remembered)

    def test_nova_goes_on(self):
        self.assert_goes_on(Case("nova-goes-on", By.NOVA, Kind.SERVER))

    def test_openstack_goes_on(self):
        case = Case("openstack-goes-on", By.OPENSTACK, Kind.SERVER)
        self.assert_goes_on(case)
        status = self.about(case, "status")
        self.assertRegex(status, r"compute +\| .* 86400 s; .*again is safe ")


class UnpromisedTest(ClientsTest):
    """On a cloud whose operator does not."""

    every_host = False

    def assert_look_first(self, case):
        """Nothing is sent again until it is forgotten."""
        self.killed(case, Once(AFTER))
        refused = self.run_(case)
        self.assertEqual(1, refused.status)
        self.assertIn("nothing was sent", refused.errors)
        self.assertIn("Look first", refused.errors)
        self.assertEqual(1, len(self.found(case)))
        name = judge.remembered_as(refused)
        self.assertIn("state: succeeded", self.about(case, "show", name))
        self.about(case, "forget", name)
        self.assertEqual(0, self.run_(case).status)
        self.assertEqual(2, len(self.found(case)))

    def test_nova_looks_first(self):
        self.assert_look_first(Case("nova-looks", By.NOVA, Kind.SERVER))

    def test_openstack_looks_first(self):
        case = Case("openstack-looks", By.OPENSTACK, Kind.SERVER)
        self.assert_look_first(case)
        self.assertRegex(
            self.about(case, "status"), r"compute +\| .*not known to be safe "
        )
