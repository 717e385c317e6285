# SPDX-License-Identifier: Apache-2.0
"""What looks after the repository: banned words, and the picture."""

from __future__ import annotations

import pathlib
from xml.etree import ElementTree

import testtools

from tools import picture
from tools import words

ROOT = pathlib.Path(__file__).parents[2]
GLOSSARY = """
| word | what it means |
| --- | --- |
| other | table |

## Banned words

| banned | write instead |
| --- | --- |
| old, very old | new |
"""


class WordsTest(testtools.TestCase):
    def found(self, text: str) -> list[tuple[int, str]]:
        return words.found(text, words.banned(GLOSSARY))

    def test_the_table_of_banned_words_is_read(self) -> None:
        self.assertEqual(
            {"old": "new", "very old": "new"}, words.banned(GLOSSARY)
        )

    def test_the_real_table_is_read(self) -> None:
        table = words.banned((ROOT / "docs/glossary.md").read_text("utf-8"))
        self.assertEqual("again", table["a" + "new"])

    def test_a_word_is_found_with_its_line(self) -> None:
        self.assertEqual([(2, "old")], self.found("one\nthe Old one\n"))

    def test_a_part_of_a_word_is_not(self) -> None:
        self.assertEqual([], self.found("told, older, gold"))

    def test_a_part_of_a_name_is(self) -> None:
        self.assertEqual([(1, "old")], self.found("def test_old_ones():"))

    def test_a_phrase_is_found_over_two_lines(self) -> None:
        table = {"very old": "new"}
        text = "# this is very\n# old\n"
        self.assertEqual([(1, "very old")], words.found(text, table))


class PictureTest(testtools.TestCase):
    def test_they_are_up_to_date(self) -> None:
        drawn = picture.pictures(ROOT)
        stored = {
            name: (ROOT / "docs/images" / name).read_text("utf-8")
            for name in drawn
        }
        self.assertEqual(stored, drawn, "run make picture")

    def test_each_is_an_svg(self) -> None:
        for drawn in picture.pictures(ROOT).values():
            root = ElementTree.fromstring(drawn)
            self.assertEqual("{http://www.w3.org/2000/svg}svg", root.tag)

    def test_it_is_an_svg_with_each_room(self) -> None:
        inside, needs = picture.arrows(ROOT)
        drawn = ElementTree.fromstring(picture.draw(inside, needs))
        boxes = drawn.findall(".//{http://www.w3.org/2000/svg}rect")
        self.assertEqual(len(inside), len(boxes))

    def test_each_room_is_above_what_it_needs(self) -> None:
        needs = {"a": {"b", "c"}, "b": {"c"}}
        self.assertEqual(
            {"c": 0, "b": 1, "a": 2}, picture.floors(["a", "b", "c"], needs)
        )

    def test_a_circle_is_refused(self) -> None:
        needs = {"a": {"b"}, "b": {"a"}}
        error = self.assertRaises(
            ValueError, picture.floors, ["a", "b"], needs
        )
        self.assertIn("a, b", str(error))
