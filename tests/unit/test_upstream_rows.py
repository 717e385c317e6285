# SPDX-License-Identifier: Apache-2.0
"""What runs a service's tests: the rows, and the filter that sends all twice.

No service is loaded here.
"""

from __future__ import annotations

import os
import pathlib
import tempfile
import unittest
from unittest import mock

import ddt
import webob

from embedded import paste
from upstream import doubled
from upstream import selection
from upstream import services
from upstream.doubled import Outcome
from upstream.doubled import Protection
from upstream.repeat import Repeat
from upstream.run import Run
from upstream.run import without_scenario
from upstream.service import Pass
from upstream.services import cinder
from upstream.suite import filtered

_CINDER = "composite:openstack_volume_api_v3"
_SUITES = pathlib.Path(selection.__file__).with_name("suite")


@ddt.ddt
class RowsTestCase(unittest.TestCase):
    @ddt.data(*services.NAMES)
    def test_a_row_has_its_name_and_its_conditions(self, name):
        row = services.find(name)
        self.assertEqual(name, row.name)
        module = row.conditions.rpartition(".")[2]
        self.assertTrue((_SUITES / f"{module}.py").exists())

    @ddt.data(*services.NAMES)
    def test_each_suite_begins_with_upstream_as_it_is(self, name):
        row = services.find(name)
        names = [suite.name for suite in row.suites]
        self.assertEqual(len(names), len(set(names)))
        for suite in row.suites:
            self.assertIs(suite, row.suite(suite.name))
            self.assertIs(Pass.STOCK, suite.passes[0])
            self.assertIn(Pass.OURS, suite.passes)

    @ddt.data(*services.NAMES)
    def test_some_suite_is_run_with_each_post_repeated(self, name):
        row = services.find(name)
        passes = [kind for suite in row.suites for kind in suite.passes]
        self.assertIn(Pass.REPEATED, passes)

    @ddt.data(*services.NAMES)
    def test_an_exception_is_a_test_of_the_row_and_has_a_reason(self, name):
        row = services.find(name)
        for test, why in row.exceptions.items():
            self.assertTrue(_has(row, test), test)
            self.assertTrue(why.endswith("."), test)


def _has(row, test):
    """Tell whether a test is in a module that a suite of the row has."""
    for suite in row.suites:
        inside = test.removeprefix(f"{suite.package}.")
        parts = inside.split(".")
        modules = [".".join(parts[:n]) for n in range(1, len(parts))]
        if inside != test and any(map(suite.chosen, modules)):
            return True
    return False


class CinderTestCase(unittest.TestCase):
    def pipelines(self, kind):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            services.find("cinder").write(kind, path)
            return paste.parsed((path / cinder.PASTE).read_text())

    def test_a_pass_has_the_filter_where_operators_put_it(self):
        before = self.pipelines(Pass.STOCK)
        for kind in (Pass.OURS, Pass.REPEATED):
            written = self.pipelines(kind)
            added = {*written} - {*before}
            self.assertEqual({"filter:idempotency"}, added)
            for option, told in before.items(_CINDER):
                self.assertEqual(
                    told.replace(" apiv3", " idempotency faultwrap apiv3"),
                    written.get(_CINDER, option),
                )

    def test_samples_that_other_services_work_on_are_left_out(self):
        choose = services.find("cinder").suite("functional").choose
        place = "cinder.tests.functional.api_sample_tests."
        taken = (
            "test_volumes.A.test_volume_create_3_0",
            "test_qos.A.test_qos_show",
        )
        left = ("test_volumes.A.test_show_3_0", "test_backups.A.test_list")
        tests = [named(f"{place}{name}") for name in (*taken, *left)]
        self.assertEqual(tests[: len(taken)], choose(tests))


class KnownTestCase(unittest.TestCase):
    def user(self, *given, **environ):
        seen = []
        known = filtered.Known(lambda env, start: seen.append(env), *given)
        known(environ, None)
        caller = seen[0].get(given[0])
        return caller and caller.user_id

    def test_a_caller_without_a_user_gets_one(self):
        for named, expected in ((None, "a-user"), ("mine", "mine")):
            caller = mock.Mock(user_id=named)
            self.assertEqual(expected, self.user("caller", caller=caller))

    def test_a_context_is_made_only_where_the_service_takes_one(self):
        self.assertIsNone(self.user("caller"))
        made = mock.Mock(user_id=None)
        self.assertEqual("a-user", self.user("caller", lambda: made))


class RunTestCase(unittest.TestCase):
    def test_a_process_knows_the_run_that_it_is_a_part_of(self):
        for name in services.NAMES:
            row = services.find(name)
            for suite in row.suites:
                folder = pathlib.Path("/folder")
                run = Run(row, suite, Pass.REPEATED, folder, "only")
                with mock.patch.dict(os.environ, run.variables):
                    self.assertEqual(run, Run.of_this_process())

    def test_a_scenario_is_no_part_of_a_test_s_id(self):
        for known, test in {
            "a.B.test": "a.B.test",
            "a.B.test(v2, json)": "a.B.test",
            "a.some_(of_b)_and_c.test": "a.some_(of_b)_and_c.test",
        }.items():
            self.assertEqual(test, without_scenario(known))


def named(name):
    test = mock.Mock(unittest.TestCase)
    test.id.return_value = name
    return test


class SampleTestCase(unittest.TestCase):
    def test_a_sample_is_the_same_whatever_else_there_is(self):
        names = [f"a.B.test_{number}" for number in range(300)]
        some = selection.one_in(3, map(named, names))
        fewer = selection.one_in(3, map(named, names[:150]))
        self.assertTrue(75 < len(some) < 125, len(some))
        self.assertEqual(
            [test.id() for test in some if test.id() in names[:150]],
            [test.id() for test in fewer],
        )

    def test_one_in_one_is_all(self):
        tests = [named("a"), named("b")]
        self.assertEqual(tests, selection.one_in(1, tests))


class Service:
    """Answers each request with what it was sent, and counts them."""

    def __init__(self):
        self.seen = []

    def __call__(self, environ, start_response):
        req = webob.Request(environ)
        self.seen.append((req.method, req.body, req.headers.get("token")))
        answer = webob.Response(json_body={"number": len(self.seen)})
        return answer(environ, start_response)


class RepeatTestCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.service = Service()
        self.filter = Repeat(self.service, self.folder)
        self.enterContext(mock.patch.object(Repeat, "test", "a.B.test"))
        Repeat.protection = self.protection
        self.addCleanup(delattr, Repeat, "protection")

    def protection(self, req):
        return Protection.NONE

    def send(self, method, **headers):
        req = webob.Request.blank("/things", method=method, headers=headers)
        if method == "POST":
            req.body = b"{}"
        return req

    def test_a_post_is_sent_twice_and_the_second_answer_is_given(self):
        answer = self.send("POST").get_response(self.filter)
        self.assertEqual({"number": 2}, answer.json)
        self.assertEqual(["POST", "POST"], [m for m, *_ in self.service.seen])
        self.assertEqual([b"{}", b"{}"], [b for _, b, _ in self.service.seen])
        (written,) = doubled.read(self.folder)
        self.assertEqual("a.B.test", written.test)
        self.assertEqual("POST /things", written.post)
        self.assertIs(Outcome.LEFT_OUT, written.outcome)

    def test_a_request_of_webob_s_is_sent_twice_too(self):
        answer = self.filter(self.send("POST"))
        self.assertEqual({"number": 2}, answer.json)

    def test_all_else_passes(self):
        for req in (self.send("GET"), self.send("POST", X_Client_Token="t")):
            self.service.seen.clear()
            answer = req.get_response(self.filter)
            self.assertEqual({"number": 1}, answer.json)
        self.assertEqual([], [*doubled.read(self.folder)])

    def test_what_the_service_raises_is_raised(self):
        def fail(environ, start_response):
            raise KeyError

        failing = Repeat(fail, self.folder)
        self.assertRaises(KeyError, self.send("POST").get_response, failing)
        self.assertEqual([], [*doubled.read(self.folder)])
