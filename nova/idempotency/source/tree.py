# SPDX-License-Identifier: Apache-2.0
"""A source tree of Nova: a checkout, or an unpacked source distribution."""

from __future__ import annotations

import email.parser
import pathlib
import re
import subprocess
import typing as ty

#: The module by which a tree of Nova is known.
ROUTES = "nova/api/openstack/compute/routes.py"

#: The releases of Nova that can be patched.
RELEASES = range(31, 35)

_DESCRIPTION = "PKG-INFO"
_VERSION = re.compile(r"\d+")


class Unfit(Exception):
    """A tree cannot be patched; says why, and what to do."""


class Tree:
    """Reads a tree, and never writes to it.

    :param root: the folder that holds Nova's ``requirements.txt``
    :raises Unfit: it is no tree of Nova
    """

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        for path in (ROUTES, "nova/conf/__init__.py", "requirements.txt"):
            if not self.has(path):
                raise Unfit(
                    f"{root} is not a source tree of Nova: it has no {path}. "
                    "Name the top folder of a checkout, or of an unpacked "
                    "source distribution."
                )

    def has(self, path: str) -> bool:
        """Tell whether the tree has a file.

        :param path: the file's path below the top folder
        """
        return (self.root / path).is_file()

    def read(self, path: str) -> str:
        """Return the text of a file, with its line ends as they are.

        :param path: the file's path below the top folder
        :raises Unfit: it cannot be read
        """
        try:
            return (self.root / path).read_bytes().decode()
        except FileNotFoundError:
            raise Unfit(
                f"{self.root} has no {path}, which has to be changed. Take a "
                "complete checkout or source distribution."
            ) from None
        except (OSError, UnicodeDecodeError) as exc:
            raise Unfit(f"{self.root / path} cannot be read: {exc}") from exc

    def below(self, folder: str, pattern: str) -> list[str]:
        """Return the paths of the files in a folder, in order.

        :param folder: the folder's path below the top folder
        :param pattern: what their names look like
        """
        return [
            str(path.relative_to(self.root))
            for path in sorted((self.root / folder).glob(pattern))
        ]

    def release(self) -> int:
        """Return the number of the release of Nova that the tree is of.

        :raises Unfit: it is not told, or not one that can be patched
        """
        version = self._described() or self._tagged()
        if version is None:
            raise Unfit(
                f"The version of {self.root} is not known: it has neither "
                f"{_DESCRIPTION} nor a tag of git. Fetch upstream's tags "
                "(git fetch --tags)."
            )
        number = _VERSION.match(version)
        if number is None or int(number[0]) not in RELEASES:
            raise Unfit(
                f"{self.root} is Nova {version}. A patch can be written for "
                f"Nova {RELEASES[0]} to {RELEASES[-1]}."
            )
        return int(number[0])

    def _described(self) -> str | None:
        if not self.has(_DESCRIPTION):
            return None
        return ty.cast(
            "str | None",
            email.parser.Parser().parsestr(self.read(_DESCRIPTION))["Version"],
        )

    def _tagged(self) -> str | None:
        # Only of this folder: one above it may be another project's.
        if not (self.root / ".git").exists():
            return None
        describe = ("git", "-C", str(self.root), "describe", "--tags")
        try:
            done = subprocess.run(  # noqa: S603
                describe, capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.strip()
