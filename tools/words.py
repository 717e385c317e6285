# SPDX-License-Identifier: Apache-2.0
"""Finds words that the glossary bans; fails if there are any.

docs/glossary.md says what to write instead. Only files that Git knows are
read, and not the glossary itself.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

GLOSSARY = pathlib.Path("docs/glossary.md")
# The words are between these: each row bans the words of its first column.
_HEADING = "## Banned words"
# The licence's words are not ours.
_FOREIGN = frozenset({GLOSSARY.name, "LICENSE"})


def banned(glossary: str) -> dict[str, str]:
    """Return the banned words and phrases, and what to write instead.

    :param glossary: the text of the page
    """
    _, _, table = glossary.partition(_HEADING)
    rows = [line.split("|") for line in table.splitlines() if "|" in line]
    return {
        word.strip().lower(): row[2].strip()
        for row in rows[2:]
        for word in row[1].split(",")
    }


def found(text: str, words: dict[str, str]) -> list[tuple[int, str]]:
    """Return the lines that have banned words, each with the word.

    A phrase is found even if it is broken over two lines.

    :param text: what is searched
    :param words: the banned ones, in lower case
    """
    # Not \b: names in code are words with underscores between them.
    any_of = "|".join(
        r"[\s#*]+".join(map(re.escape, word.split())) for word in words
    )
    pattern = rf"(?<![a-z])({any_of})(?![a-z])"
    return [
        (text.count("\n", 0, match.start()) + 1, _one(match[1]))
        for match in re.finditer(pattern, text, re.IGNORECASE)
    ]


def _one(match: str) -> str:
    return " ".join(match.replace("#", " ").replace("*", " ").lower().split())


def main() -> int:
    """Print each banned word with its place, and return the exit status."""
    words = banned(GLOSSARY.read_text("utf-8"))
    listed = subprocess.check_output(["git", "ls-files", "-z"], text=True)
    count = 0
    for name in filter(None, listed.split("\0")):
        path = pathlib.Path(name)
        if path.name in _FOREIGN or not path.is_file():
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for line, word in found(text, words):
            count += 1
            print(f"{path}:{line}: {word!r}: write {words[word]}")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
