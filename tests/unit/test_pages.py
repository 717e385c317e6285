# SPDX-License-Identifier: Apache-2.0
"""The pages' console blocks: how they are found, and what is like them."""

from __future__ import annotations

import re

import ddt
import testtools

from testing import pages
from testing.likeness import Likeness

# What the documentation may leave out of what is run.
_MOST_LEFT_OUT = 10
# Languages in which a block would look like one that is run.
_SHELLS = re.compile(r"^\s*```(?:sh|bash|shell|shell-session)\b", re.MULTILINE)
_PROMPTS = re.compile(r"^ {4,}\$ ", re.MULTILINE)
ONE = "43a739f7-2dc6-4518-afc9-d5e3f0aa49cd"
OTHER = "8cd1e8d5-3d2c-4f4e-9a0b-0d7c39a5a3f0"


def page(block: str, mark: str = "") -> str:
    return f"# A page\n\n{mark}\n```console\n{block}\n```\n\nMore.\n"


class OurPagesTest(testtools.TestCase):
    def test_there_are_blocks_to_run(self) -> None:
        found = [b for name in pages.names() for b in pages.blocks(name)]
        self.assertTrue([block for block in found if not block.left_out])

    def test_few_are_left_out_and_each_with_its_reason(self) -> None:
        left_out = [
            f"{block.place}: {block.left_out}"
            for name in pages.names()
            for block in pages.blocks(name)
            if block.left_out
        ]
        self.assertLessEqual(len(left_out), _MOST_LEFT_OUT, left_out)

    def test_nothing_is_typed_in_other_blocks(self) -> None:
        found = [
            name
            for name in pages.names()
            for text in [(pages.ROOT / name).read_text("utf-8")]
            if _SHELLS.search(text) or _PROMPTS.search(text)
        ]
        self.assertEqual([], found, "what is typed belongs into ```console")


class ExampleTest(testtools.TestCase):
    """docs/adding-an-operation.md shows lines that the tests run."""

    def test_they_stand_in_the_files_that_it_names(self) -> None:
        page = pages.ROOT / "docs" / "adding-an-operation.md"
        _, _, example = page.read_text("utf-8").partition("## An example")
        shown = re.findall(
            r"in `([\w/]+\.py)`[^`]*?(?:`\w+`[^`]*?)?```python\n(.+?)```",
            example,
            re.DOTALL,
        )
        self.assertEqual(example.count("```python"), len(shown))
        for name, lines in shown:
            self.assertIn(lines, (pages.ROOT / name).read_text("utf-8"))


class BlocksTest(testtools.TestCase):
    def block(self, block: str, mark: str = "") -> pages.Block:
        (found,) = pages.parsed("page", page(block, mark))
        return found

    def test_commands_and_what_they_print(self) -> None:
        found = self.block("$ one \\\n    more\nprinted\n\nlines\n$ other")
        self.assertEqual(
            (
                pages.Step("one \\\n    more", "printed\n\nlines"),
                pages.Step("other", ""),
            ),
            found.steps,
        )
        self.assertEqual("page:4", found.place)

    def test_one_in_a_list_is_found(self) -> None:
        text = "1. One:\n\n   ```console\n   $ one\n   ```\n"
        (found,) = pages.parsed("page", text)
        self.assertEqual((pages.Step("one", ""),), found.steps)

    def test_other_languages_are_not(self) -> None:
        self.assertEqual([], pages.parsed("page", "```python\n$ one\n```\n"))

    def test_marks(self) -> None:
        self.assertEqual(3, self.block("$ a", "<!-- ends with 3 -->").status)
        self.assertTrue(self.block("$ a", "<!-- killed -->").killed)
        why = self.block("$ a", "<!-- not run: it\n  is large -->").left_out
        self.assertEqual("it is large", why)

    def test_a_mark_above_other_text_is_none(self) -> None:
        found = self.block("$ a", "<!-- ends with 3 -->\n\nWords.\n")
        self.assertEqual(0, found.status)

    def test_an_unknown_mark_is_refused(self) -> None:
        for mark in ("<!-- skip -->", "<!-- not run: -->"):
            self.assertRaises(
                pages.NotUnderstoodError, self.block, "$ a", mark
            )

    def test_output_without_a_command_is_refused(self) -> None:
        self.assertRaises(pages.NotUnderstoodError, self.block, "printed")


@ddt.ddt
class LikenessTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.likeness = Likeness()

    def assert_like(self, said: str, came: str) -> None:
        self.assertEqual("", self.likeness.difference(said, came))

    def assert_unlike(self, said: str, came: str) -> None:
        self.assertNotEqual("", self.likeness.difference(said, came))

    @ddt.data(
        ("the same", "the same\r\n"),
        ("one\n...\nfour", "one\ntwo\nthree\nfour"),
        ("one\n...\ntwo", "one\ntwo"),
        ('{"a": 1, ... "z": 2}', '{"a": 1, "b": [3], "z": 2}'),
        (f"id {ONE}", f"id {OTHER}"),
        ("ok 2.5 s killed", "ok   11.0 s killed"),
        ("at 2026-11-26 03:24:01+00:00", "at 2027-01-02 13:00:59+00:00"),
        ("http://127.0.0.1:18774/v2.1", "http://localhost:1/v2.1"),
        ("| adminPass | TDA5Srng5JeF |", "| adminPass | aaaaaaaaaaaa |"),
    )
    @ddt.unpack
    def test_like(self, said: str, came: str) -> None:
        self.assert_like(said, came)

    @ddt.data(
        ("the same", "the other"),
        ("one\n...\nfour", "one\ntwo\nthree"),
        ("one", "one\ntwo"),
        (f"id {ONE}", "id none"),
        ("a.c", "abc"),
    )
    @ddt.unpack
    def test_unlike(self, said: str, came: str) -> None:
        self.assert_unlike(said, came)

    def test_what_is_the_same_in_the_page_must_be_the_same(self) -> None:
        self.assert_like(f"id {ONE}", f"id {OTHER}")
        self.assert_like(f"again {ONE}", f"again {OTHER}")
        self.assert_unlike(f"again {ONE}", f"again {ONE}")

    def test_what_differs_in_the_page_must_differ(self) -> None:
        self.assert_like(f"id {ONE}", f"id {ONE}")
        self.assert_unlike(f"other {OTHER}", f"other {ONE}")

    def test_times_may_be_any(self) -> None:
        self.assert_like("1.0 s", "2.0 s")
        self.assert_like("3.0 s", "2.0 s")
