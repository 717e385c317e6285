# SPDX-License-Identifier: Apache-2.0
"""What campaigns know of services that are not Nova."""

from __future__ import annotations

import json
import pathlib
import random
import tempfile
import unittest

import ddt

from chaos.client import Client
from chaos.services.rows import ROWS
from chaos.services.serving import Served
from chaos.subjects import SUBJECTS

_CALLER = "c" * 32


@ddt.ddt
class RowTestCase(unittest.TestCase):
    def caller(self, operation):
        return Client(_CALLER, operation, given="g")

    @ddt.data(*ROWS)
    def test_it_makes_something_and_changes_something(self, name):
        row = ROWS[name]
        self.assertFalse(row.creates.changes)
        self.assertTrue(row.changes.changes)
        for operation in row.bystanding:
            self.assertIsNone(operation.refusal)
        self.assertIsNotNone(row.refused.refusal)

    @ddt.data(*ROWS)
    def test_all_of_it_is_asked_for(self, name):
        chance = random.Random(0)
        asked = [SUBJECTS[name].any_of_them(chance) for _ in range(500)]
        for operation in ROWS[name].operations:
            self.assertIn(operation, asked)

    @ddt.data(*ROWS)
    def test_the_database_is_asked_for_all_that_it_makes(self, name):
        row = ROWS[name]
        kinds = {operation.kind for operation in row.operations}
        self.assertEqual(kinds, set(row.made))

    @ddt.data(*ROWS)
    def test_nothing_is_left_to_be_filled_in(self, name):
        for operation in ROWS[name].operations:
            mine = self.caller(operation)
            sent = [operation.at(how, mine) for how in ("GET", "POST")]
            sent.append(json.dumps(operation.asked_by(mine)))
            for text in sent:
                self.assertNotIn("{given}", text)
                self.assertNotIn("{caller}", text)

    def test_what_a_key_stands_for_is_the_callers_own(self):
        operation = ROWS["placement"].changes
        (consumer,) = operation.asked_by(self.caller(operation))
        self.assertEqual("g", consumer)

    def test_what_was_made_is_read_from_the_answer(self):
        for name, answer in (
            ("cinder", {"volume": {"id": "1"}}),
            ("glance", {"id": "1"}),
            ("neutron", {"network": {"id": "1"}}),
            ("placement", {"uuid": "1"}),
        ):
            operation = ROWS[name].creates
            content = json.dumps(answer).encode()
            made = operation.made_for(self.caller(operation), content)
            self.assertEqual("1", made)

    def test_what_only_changes_names_its_caller(self):
        for row in ROWS.values():
            made = row.changes.made_for(self.caller(row.changes), b"")
            self.assertEqual(_CALLER, made)

    def test_what_is_listed(self):
        content = b'{"services": [{"id": "1"}, {"id": "2"}]}'
        listed = ROWS["keystone"].creates.listed_in(content)
        self.assertEqual({"1", "2"}, listed)


class ServedTestCase(unittest.TestCase):
    def test_it_is_read_as_it_is_written(self):
        served = Served("module", "mysql://h/d", "/history", [1, 2], None)
        with tempfile.TemporaryDirectory() as folder:
            served.write(pathlib.Path(folder))
            self.assertEqual(served, Served.read(pathlib.Path(folder)))
