# SPDX-License-Identifier: Apache-2.0
"""Keyed digests: whether two things are the same, and nothing else of them."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import itertools
import pathlib
import re
import typing as ty

# A command writes into what this names; it reads the others.
OUTPUTS = frozenset({"--private-key"})
_OPTION = re.compile(r"--[A-Za-z][\w-]*|-[A-Za-z]")


@dataclasses.dataclass(frozen=True)
class Typed:
    """A command as it was typed, before it becomes digests.

    :param program: to which it was typed
    :param name: of the command
    :param words: what follows the name
    :param scope: cloud, user and project
    """

    program: str
    name: str
    words: tuple[str, ...]
    scope: tuple[str, ...]

    @property
    def shown(self) -> str:
        """Return its words without values."""
        return f"{self.name} {without_values(self.words)}".strip()


def of(key: bytes, *parts: str | bytes) -> str:
    """Return the digest of some parts; ("ab", "c") differs from ("a", "bc").

    :param key: without which nobody can try out what they were
    :param parts: texts and bytes
    """
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        if isinstance(part, str):
            data = part.encode("utf-8", "surrogateescape")
        else:
            data = part
        mac.update(len(data).to_bytes(8))
        mac.update(data)
    return mac.hexdigest()


def of_command(key: bytes, words: ty.Sequence[str]) -> str:
    """Return the digest of a command as typed, with the files it names.

    :param key: as for :func:`of`
    :param words: the command and what follows it
    """
    parts: list[str | bytes] = [*words]
    for path in files(words):
        parts += ["file", path, _content(path)]
    return of(key, *parts)


def _content(path: str) -> bytes:
    try:
        with pathlib.Path(path).expanduser().open("rb") as file:
            # Piece by piece: it may be large, and only named like a value.
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        # The command will say so, in its own words.
        return b""


def files(words: ty.Sequence[str]) -> list[str]:
    """Return the readable files that the values of a command's options name.

    :param words: as typed; ``--user-data F``, ``--user-data=F`` and ``--file
        /there=F`` name F
    """
    found = []
    for before, word in itertools.pairwise(["", *words]):
        name, _, rest = word.partition("=")
        if _OPTION.fullmatch(name):
            option, values = name, (rest, rest.partition("=")[2])
        elif _OPTION.fullmatch(before):
            option, values = before, (word, rest)
        else:
            continue
        if option not in OUTPUTS:
            found += [text for text in values if _is_file(text)]
    return found


def without_values(words: ty.Sequence[str]) -> str:
    """Return a command's options without their values, to be shown.

    :param words: what follows the command's name
    """
    return " ".join(
        name
        for name in (word.partition("=")[0] for word in words)
        if _OPTION.fullmatch(name)
    )


def _is_file(text: str) -> bool:
    try:
        return bool(text) and pathlib.Path(text).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        # Too long for a name, or has a zero byte, or names no user.
        return False
