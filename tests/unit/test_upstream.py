# SPDX-License-Identifier: Apache-2.0
"""What compares the passes over a service's tests, on results made by hand."""

from __future__ import annotations

import configparser
import unittest

from embedded import paste
from upstream import comparison
from upstream.doubled import Answer
from upstream.doubled import Doubled
from upstream.doubled import Figures
from upstream.doubled import Outcome
from upstream.doubled import Protection
from upstream.paste import change
from upstream.service import Pass
from upstream.services import nova

_PASTE = """
[composite:v21]
use = call:nova.api.auth:pipeline_factory_v21
keystone = cors faultwrap osapi_compute_app_v21

[app:osapi_compute_app_v21]
paste.app_factory = nova.api.openstack.compute:APIRouterV21.factory

[pipeline:meta]
pipeline = cors metaapp
"""


class ComparisonTestCase(unittest.TestCase):
    def test_the_same_results(self):
        both = {"a": "success", "b": "skip"}
        found = comparison.compare(both, both)
        self.assertEqual(0, found.problems)
        self.assertEqual(2, found.compared)

    def test_another_status(self):
        found = comparison.compare({"a": "success"}, {"a": "fail"})
        self.assertEqual(1, found.problems)
        self.assertEqual(
            ["a: success, then fail"], [str(one) for one in found.differences]
        )

    def test_a_failure_in_both_is_no_difference(self):
        both = {"a": "fail"}
        self.assertEqual(0, comparison.compare(both, both).problems)

    def test_a_failure_that_passes_with_us_is_one(self):
        found = comparison.compare({"a": "fail"}, {"a": "success"})
        self.assertEqual(1, found.problems)

    def test_a_test_that_is_in_one_pass_only(self):
        skipped, nothing = {"a": "skip"}, dict[str, str]()
        for passes in ((skipped, nothing), (nothing, skipped)):
            found = comparison.compare(*passes)
            self.assertEqual(1, len(found.differences))
            self.assertEqual(0, found.compared)

    def test_what_differs_alone_too_is_a_difference(self):
        first = comparison.compare(
            {"a": "success", "b": "fail"}, {"a": "fail", "b": "success"}
        )
        settled = comparison.settled(
            first, {"a": "success", "b": "skip"}, {"a": "fail", "b": "skip"}
        )
        self.assertEqual(1, settled.problems)
        self.assertEqual(["a"], [one.test for one in settled.differences])
        self.assertEqual(("b",), settled.unsteady)

    def test_what_does_not_is_none(self):
        first = comparison.compare({"a": "fail"}, {"a": "success"})
        alone = {"a": "success"}
        self.assertEqual(0, comparison.settled(first, alone, alone).problems)

    def test_what_was_not_run_alone_stays_one(self):
        first = comparison.compare({"a": "fail"}, {"a": "success"})
        after: dict[str, str] = {}
        for before in ({}, {"a": "fail"}):
            settled = comparison.settled(first, before, after)
            self.assertEqual(1, settled.problems)

    def test_an_exception_may_differ(self):
        before = {"a": "success", "b": "success"}
        after = {"a": "fail", "b": "success"}
        found = comparison.compare(before, after, {"a": "why"})
        self.assertEqual(0, found.problems)
        self.assertEqual(1, found.excused)

    def test_an_exception_that_does_not_differ_is_stale(self):
        both = {"a": "success"}
        found = comparison.compare(both, both, {"a": "why"})
        self.assertEqual(1, found.problems)
        self.assertEqual(("a",), found.stale)

    def test_an_exception_that_was_not_selected_is_not(self):
        both = {"a": "success"}
        found = comparison.compare(both, both, {"b": "why"})
        self.assertEqual(0, found.problems)


def answer(status=202, body=b"{}", **headers):
    named = [(name.replace("_", "-"), v) for name, v in headers.items()]
    return Answer(status, tuple(named), body)


FIRST = answer(
    x_client_token="t",
    x_client_token_state="executed",
    x_openstack_request_id="req-1",
)
AGAIN = answer(
    x_client_token="t",
    x_openstack_request_id="req-2",
    idempotent_replayed="true",
    x_client_token_request_id="req-1",
    x_client_token_state="replayed",
)


def judged(first, again, protection=Protection.NOT_LINKED):
    return Doubled.of("test", "POST /", protection, first, again)


class DoubledTestCase(unittest.TestCase):
    def assert_judged(self, outcome, faults, *args):
        found = judged(*args)
        self.assertIs(outcome, found.outcome)
        self.assertEqual(faults, len(found.faults), found.faults)
        self.assertEqual(found, Doubled.from_line(found.line()))

    def test_a_replay(self):
        self.assert_judged(Outcome.REPLAYED, 0, FIRST, AGAIN)

    def test_a_replay_that_differs(self):
        extra = Answer(202, (*AGAIN.headers, ("location", "x")), b"{}")
        for again in (
            Answer(200, AGAIN.headers, b"{}"),
            Answer(202, AGAIN.headers, b"{ }"),
            extra,
        ):
            self.assert_judged(Outcome.REPLAYED, 1, FIRST, again)

    def test_a_replay_that_does_not_name_the_first_request(self):
        kept = [
            pair
            for pair in AGAIN.headers
            if pair[0] != "x-client-token-request-id"
        ]
        again = Answer(202, tuple(kept), b"{}")
        self.assert_judged(Outcome.REPLAYED, 1, FIRST, again)

    def test_a_replay_that_says_it_ran(self):
        wrong = {**dict(AGAIN.headers), "x-client-token-state": "executed"}
        again = Answer(202, tuple(wrong.items()), b"{}")
        self.assert_judged(Outcome.REPLAYED, 1, FIRST, again)

    def test_a_success_that_is_run_again(self):
        for protection in (Protection.LINKED, Protection.NOT_LINKED):
            self.assert_judged(Outcome.RUN, 1, FIRST, FIRST, protection)

    def test_what_is_left_out_is_run_again(self):
        self.assert_judged(
            Outcome.LEFT_OUT, 0, answer(200), answer(200), Protection.NONE
        )

    def test_what_is_refused_is_run_again(self):
        self.assert_judged(Outcome.REFUSED, 0, answer(409), answer(409))

    def test_what_is_refused_does_not_succeed_then(self):
        self.assert_judged(Outcome.REFUSED, 1, answer(409), answer(202))

    def test_who_has_lost_their_authority_is_refused(self):
        self.assert_judged(Outcome.UNKNOWN, 0, FIRST, answer(401))
        ours = answer(401, x_client_token_state="forbidden")
        self.assert_judged(Outcome.RUN, 1, FIRST, ours)

    def test_only_a_linked_failure_is_run_again(self):
        failure = answer(500)
        self.assert_judged(
            Outcome.FAILED, 0, failure, failure, Protection.LINKED
        )
        self.assert_judged(Outcome.RUN, 1, failure, failure)

    def test_figures(self):
        sound = judged(FIRST, AGAIN)
        faulty = judged(FIRST, FIRST)
        figures = Figures.of([sound, sound, faulty])
        self.assertEqual(2, figures.replayed)
        self.assertEqual([faulty], figures.faulty)
        self.assertIn("3 POSTs", str(figures))
        self.assertEqual(0, Figures.of([]).replayed)


def changed(text, kind):
    pipelines = paste.parsed(text)
    change(pipelines, kind)
    return pipelines


class PasteTestCase(unittest.TestCase):
    def first(self, kind):
        made = changed(_PASTE, kind)
        return (
            made.get("app:osapi_compute_app_v21", "paste.app_factory"),
            made.get("composite:v21", "keystone").split()[0],
        )

    def test_stock_is_upstreams(self):
        theirs = configparser.RawConfigParser()
        theirs.read_string(_PASTE)
        made = changed(_PASTE, Pass.STOCK)
        for section in theirs.sections():
            self.assertEqual(theirs.items(section), made.items(section))
        self.assertEqual(theirs.sections(), made.sections())

    def test_ours_has_one_other_line(self):
        router, first = self.first(Pass.OURS)
        self.assertIn("nova.idempotency", router)
        self.assertEqual("cors", first)

    def test_the_filter_comes_first_in_the_compute_api_only(self):
        router, first = self.first(Pass.REPEATED)
        self.assertIn("nova.idempotency", router)
        self.assertEqual("repeat", first)
        made = changed(_PASTE, Pass.REPEATED)
        self.assertEqual("cors metaapp", made.get("pipeline:meta", "pipeline"))

    def test_other_names_upstream_are_an_error(self):
        with self.assertRaises(configparser.Error):
            changed("[app:other]", Pass.OURS)


class Given:
    """Tests to choose from; here no runner finds them."""

    class Old(unittest.TestCase):
        def test(self):
            pass

    class New(Old):
        microversion = "2.100"

    class Middle(Old):
        microversion = "2.9"

        def test_of_its_own(self):
            pass

    class Latest(Old):
        microversion = "latest"

    class Another(Old):
        pass


class SelectionTestCase(unittest.TestCase):
    def test_packages_and_modules(self):
        for module, chosen in {
            "api_sample_tests.test_keypairs": True,
            "regressions.test_bug_1": True,
            "test_servers": True,
            "test_server_group": True,
            "test_servers_provider_tree": False,
            "libvirt.test_servers": False,
        }.items():
            self.assertIs(chosen, nova.chosen(module), module)

    def once(self, *tests):
        found = nova.choose(list(tests))
        return [(type(test).__name__, test._testMethodName) for test in found]

    def test_an_inherited_test_is_run_with_the_newest_microversion(self):
        found = self.once(
            Given.Old("test"),
            Given.New("test"),
            Given.Middle("test"),
            Given.Middle("test_of_its_own"),
        )
        self.assertEqual(
            [("Middle", "test_of_its_own"), ("New", "test")], sorted(found)
        )

    def test_latest_is_newer_than_any_number(self):
        found = self.once(Given.Latest("test"), Given.New("test"))
        self.assertEqual([("Latest", "test")], found)

    def test_of_equal_ones_the_first_by_name(self):
        both = (Given.Old("test"), Given.Another("test"))
        for tests in (both, both[::-1]):
            self.assertEqual([("Another", "test")], self.once(*tests))
