# SPDX-License-Identifier: Apache-2.0
"""The alert rules and the dashboard that operators can take."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess

from prometheus_client import parser
import testtools
import yaml

from openstack_idempotency.commands import metrics
from openstack_idempotency.commands.metrics import Numbers
from openstack_idempotency.engine.counters import Event
from openstack_idempotency.protocol.answer import Verdict
from openstack_idempotency.sql.counters import Count

ROOT = pathlib.Path(__file__).parents[2]
MONITORING = ROOT / "monitoring"
RULES = MONITORING / "client-tokens.rules"
SAMPLES = MONITORING / "tests" / "client-tokens.yaml"
DASHBOARD = MONITORING / "client-tokens.json"
# In the gate, nothing may be skipped.
REQUIRED = "TEST_REQUIRE_DATABASES"
_SHOWN = metrics.text(
    "nova",
    Numbers(
        tokens={("succeeded", False): 2, ("failed", True): 1},
        outcomes=[
            Count("a", "POST /servers", "replayed", 3),
            Count("a", "POST /servers", "running", 1),
            Count("a", 'POST /"a"', "executed", 5),
            Count("b", "", "purged", 7),
        ],
        recent={"aaaa": 0, "bbbb": 4},
        known=("aaaa",),
        oldest_ended=1500,
    ),
)
_SAMPLES = [
    sample
    for family in parser.text_string_to_metric_families(_SHOWN)
    for sample in family.samples
]
#: The series that `stats` prints, with their labels.
SERIES = {one.name: sorted(one.labels) for one in _SAMPLES}
STATES = {one.value for one in (*Verdict, *Event)}


class Promtool(testtools.TestCase):
    def setUp(self):
        super().setUp()
        found = shutil.which("promtool")
        if found is None and not os.environ.get(REQUIRED):
            self.skipTest("promtool is not installed (Debian: prometheus)")
        self.promtool = found or "promtool"

    def run_it(self, *arguments):
        done = subprocess.run(
            [self.promtool, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def test_the_rules_are_rules(self):
        self.assertIn("5 rules found", self.run_it("check", "rules", RULES))

    def test_each_alert_fires_on_its_samples_and_not_on_others(self):
        self.run_it("test", "rules", SAMPLES)


class Text(testtools.TestCase):
    """What `stats` prints for Prometheus."""

    def values(self, name, *labels):
        name = f"openstack_nova_client_tokens{name}"
        return {
            tuple(one.labels[label] for label in labels): one.value
            for one in _SAMPLES
            if one.name == name
        }

    def test_each_number_is_there(self):
        self.assertEqual(
            {("succeeded", "lives"): 2, ("failed", "ended"): 1},
            self.values("", "state", "life"),
        )
        self.assertEqual(
            {
                ("a", "POST /servers", "replayed"): 3,
                ("a", "POST /servers", "running"): 1,
                ("a", 'POST /"a"', "executed"): 5,
                ("b", "", "purged"): 7,
            },
            self.values("_outcomes_total", "host", "operation", "state"),
        )
        self.assertEqual(
            {("aaaa", "true"): 0, ("bbbb", "false"): 4},
            self.values("_young", "key_id", "known"),
        )
        self.assertEqual({(): 1.5}, self.values("_oldest_expired_seconds"))

    def test_what_was_prevented_is_added_up_by_host_and_operation(self):
        self.assertEqual(
            {("a", "POST /servers"): 4, ("a", 'POST /"a"'): 0, ("b", ""): 0},
            self.values("_duplicates_prevented_total", "host", "operation"),
        )


class Files(testtools.TestCase):
    def setUp(self):
        super().setUp()
        (group,) = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
        self.rules = group["rules"]
        self.dashboard = json.loads(DASHBOARD.read_text("utf-8"))
        self.expressions = [rule["expr"] for rule in self.rules] + [
            target["expr"]
            for panel in self.dashboard["panels"]
            for target in panel["targets"]
        ]

    def test_each_alert_has_samples_for_both(self):
        cases = [
            (one["alertname"], bool(one.get("exp_alerts")))
            for test in yaml.safe_load(SAMPLES.read_text("utf-8"))["tests"]
            for one in test["alert_rule_test"]
        ]
        for rule in self.rules:
            for fires in (True, False):
                self.assertIn((rule["alert"], fires), cases)

    def test_they_ask_for_series_that_there_are(self):
        used = set()
        for expression in self.expressions:
            used |= set(re.findall(r"openstack_\w+", expression))
            for name, labels in re.findall(
                r"(openstack_\w+){([^}]*)}", expression
            ):
                asked = set(re.findall(r"(\w+)[=!]", labels))
                self.assertLessEqual(asked, {*SERIES[name]}, expression)
        self.assertEqual(set(SERIES), used)

    def test_they_ask_for_states_that_there_are(self):
        for expression in self.expressions:
            for names in re.findall(r'state[=!]~?"([^"]*)"', expression):
                self.assertLessEqual(set(names.split("|")), STATES)

    def test_no_panel_has_another_s_place(self):
        taken: set[tuple[int, int]] = set()
        for panel in self.dashboard["panels"]:
            at = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }
            self.assertFalse(taken & cells, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24)
            taken |= cells

    def test_the_page_for_operators_lists_the_series(self):
        page = (ROOT / "docs" / "operating.md").read_text("utf-8")
        for name, labels in SERIES.items():
            told = ", ".join(f"`{label}`" for label in labels)
            self.assertIn(f"| `{name}` | {told}".rstrip() + " |", page)
        for rule in self.rules:
            self.assertIn(f"`{rule['alert']}`", page)
