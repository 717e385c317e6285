# SPDX-License-Identifier: Apache-2.0
"""The operators' command before a person, and in a pipe."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess

import sqlalchemy as sa

from openstack_idempotency.protocol.record import State
from openstack_idempotency.sql import migration
from openstack_idempotency.sql import purge
from openstack_idempotency.sql.tables import TOKENS
from tests.functional import commanding

_BAR = "Deleting tokens"
_END_OF_FILE = "\x04"


# What is asked and shown does not depend on the server.
@commanding.on_server("mysql")
class _Terminals(commanding.Commanding):
    """What is asked, and shown, on a terminal only."""

    def setUp(self) -> None:
        super().setUp()
        migration.db_sync(self.engine)

    def in_doubt(self) -> int:
        (key,) = self.put(state=State.UNKNOWN.value, status=None, sealed=None)
        return key

    def put_ended(self, count: int) -> None:
        self.put(count, expires_at=self.now - purge.KEPT - 60_000)

    def answered(self, keys: str, *arguments: str) -> tuple[int, str]:
        """Answer the question; return the exit status, and what was said."""
        terminal = self.on_terminal(*arguments)
        terminal.until("Go on? [y/N] ")
        terminal.type(keys)
        return terminal.ended(), terminal.said

    def test_purge_shows_how_far_it_is(self) -> None:
        self.mappings()
        self.put_ended(5)
        terminal = self.on_terminal("purge", "--until-complete")
        self.assertEqual(1, terminal.ended())
        self.assertIn(_BAR, terminal.said)
        self.assertIn("100%", terminal.said)
        self.assertEqual(0, self.count())

    def test_in_a_file_it_shows_nothing(self) -> None:
        self.mappings()
        self.put_ended(5)
        done = self.ran(1, "purge", "--until-complete")
        self.assertEqual(("", ""), (done.stdout, done.stderr))

    def test_interrupted_it_says_what_it_has_done(self) -> None:
        self.mappings()
        self.put_ended(5)
        # It pauses between two batches, for longer than the test lasts.
        terminal = self.on_terminal(
            "purge", "--until-complete", "--verbose", "--sleep", "3600"
        )
        terminal.until("40%")
        terminal.interrupt()
        self.assertEqual(130, terminal.ended())
        self.assertRegex(terminal.said, r"tokens deleted +\| 2")
        self.assertNotIn("Traceback", terminal.said)
        self.assertEqual(3, self.count())

    def test_the_tables_are_dropped_only_if_somebody_wants_it(self) -> None:
        for keys in ("yesterday\n", _END_OF_FILE):
            status, said = self.answered(keys, "db", "drop")
            self.assertEqual(1, status, said)
            self.assertIn("Nothing is done.", said)
        self.assertEqual(0, self.count())
        status, said = self.answered("y\n", "db", "drop")
        self.assertEqual(0, status, said)
        self.assertEqual([], sa.inspect(self.engine).get_table_names())

    def test_what_an_alert_says_shows_what_is_in_doubt(self) -> None:
        rules = pathlib.Path("monitoring", "client-tokens.rules").read_text()
        said = re.search("`nova-idempotency (list [^`]+)`\\s+shows", rules)
        assert said is not None
        number = self.in_doubt()
        told = self.ran(0, *said[1].split(), "--format", "json").stdout
        self.assertEqual([number], [one["number"] for one in json.loads(told)])

    def test_a_token_is_freed_only_if_somebody_wants_it(self) -> None:
        number = self.in_doubt()
        for keys in ("n\n", _END_OF_FILE):
            status, said = self.answered(keys, "release", str(number))
            self.assertEqual(1, status, said)
            self.assertIn("Nothing is done.", said)
        status, said = self.answered("yes\n", "release", str(number))
        self.assertEqual(0, status, said)
        self.assertIn("The token is free.", said)
        self.assertNotIn("in-doubt", self.ran(0, "list").stdout)

    def test_a_token_that_changes_before_the_answer_stays(self) -> None:
        number = self.in_doubt()
        terminal = self.on_terminal("release", str(number))
        terminal.until("Go on? [y/N] ")
        with self.engine.begin() as connection:
            connection.execute(sa.update(TOKENS).values(takeovers=1))
        terminal.type("y\n")
        self.assertEqual(1, terminal.ended())
        self.assertIn("changed meanwhile. Nothing is done.", terminal.said)
        self.assertIn("in-doubt", self.ran(0, "list").stdout)

    def test_interrupted_before_the_answer_nothing_is_done(self) -> None:
        terminal = self.on_terminal("db", "drop")
        terminal.until("Go on? [y/N] ")
        terminal.interrupt()
        self.assertEqual(130, terminal.ended())
        self.assertNotIn("Traceback", terminal.said)
        self.assertEqual(0, self.count())

    def test_who_reads_the_output_has_seen_enough(self) -> None:
        self.in_doubt()
        for arguments in (
            ("list", "--format", "json"),
            ("upgrade", "check"),
        ):
            theirs, ours = os.pipe()
            os.close(theirs)
            with open(ours, "w") as output:
                done = subprocess.run(
                    self.command(*arguments),
                    stdout=output,
                    stderr=subprocess.PIPE,
                    text=True,
                    check=False,
                )
            self.assertEqual((141, ""), (done.returncode, done.stderr))
