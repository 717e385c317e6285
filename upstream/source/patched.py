# SPDX-License-Identifier: Apache-2.0
"""A tree of Nova with the patch, and what is found in it."""

from __future__ import annotations

import collections
import dataclasses
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys

from embedded import source
from upstream.services import nova
from upstream.source import distribution

_COMMAND = Path(sys.executable).with_name("nova-idempotency")
_CONTROLLERS = "nova/api/openstack/compute"
_API_TESTS = "nova/tests/unit/api/openstack/compute"
_RULE_TESTS = "nova.tests.unit.test_policy"
# As Nova's pre-commit configuration has it.
_NOT_CHECKED = ("doc/", "releasenotes/", "tools/")
# path:line:column: code text
_FINDING = re.compile(r"(.+?):\d+:\d+: (.*)")
_LAST = 12


class Wrong(Exception):
    """The patch does not do what it should; says what was found."""


@dataclasses.dataclass(frozen=True)
class Patched:
    """A copy of a source distribution, with the patch applied.

    :param release: the number of Nova's release
    :param vendored: whether our modules are part of the tree
    """

    release: int
    vendored: bool

    def __str__(self) -> str:
        kind = "vendored" if self.vendored else "required"
        return f"{self.release}-{kind}"

    @property
    def tree(self) -> Path:
        """The folder of the patched tree."""
        return distribution.FOLDER / str(self) / "tree"

    @property
    def site(self) -> Path:
        """The folder into which it is installed."""
        return distribution.FOLDER / str(self) / "site"

    def apply(self) -> None:
        """Write the patch with the real command, and apply it with git.

        :raises Wrong: one of them fails
        """
        pristine = distribution.unpacked(self.release)
        shutil.rmtree(self.tree.parent, ignore_errors=True)
        shutil.copytree(pristine, self.tree)
        patch = self.tree.with_suffix(".patch")
        kind = ["--vendored"] if self.vendored else []
        arguments: list[str | Path] = [
            "source-patch",
            *("--nova", pristine, "--output", patch),
            *kind,
        ]
        _run([_COMMAND, *arguments], self.tree.parent)
        # A repository of its own: in a folder of ours, git skips all files.
        _run(["git", "init", "--quiet"], self.tree)
        _run(["git", "apply", "--whitespace=error", patch], self.tree)
        # Of a repository, pbr installs what git knows of.
        _run(["git", "add", "--all"], self.tree)

    def changed(self) -> list[str]:
        """Return the paths of the Python files that the patch touches."""
        patch = self.tree.with_suffix(".patch").read_text()
        paths = re.findall(r"^diff --git a/(\S+\.py) b/", patch, re.M)
        return [path for path in paths if not path.startswith(_NOT_CHECKED)]

    def check_style(self) -> None:
        """Let flake8 judge, with Nova's own rules.

        :raises Wrong: it finds what it does not find without the patch
        """
        pristine = distribution.unpacked(self.release)
        there = [path for path in self.changed() if (pristine / path).exists()]
        new = _findings(self.tree, self.changed())
        new.subtract(_findings(pristine, there))
        found = sorted((+new).elements())
        if found:
            raise Wrong("\n".join(["flake8 finds:", *found]))

    def touched(self) -> str:
        """Return which unit tests are of methods that the patch decorates.

        As a regular expression, and without those of servers, which are as
        many as all the others together.
        """
        folder = f"{_CONTROLLERS}/"
        names = {
            path.removeprefix(folder).removesuffix(".py")
            for path in self.changed()
            if path.startswith(folder)
        }
        return rf"\.test_({'|'.join(sorted(names - {'servers'}))})\."

    def install(self) -> None:
        """Install it, with what it requires of ours."""
        source.install(self.tree, self.site)

    def test(self, python: Path, only: str) -> str:
        """Run Nova's own unit tests of the API, and those of the patch.

        :param python: has the libraries of the release
        :param only: which tests, as a regular expression
        :returns: the totals
        :raises Wrong: one fails
        """
        results = self.tree.parent / "results"
        shutil.rmtree(results, ignore_errors=True)
        results.mkdir()
        return _run(
            [
                *(python, "-m", "stestr", "--repo-url", results),
                *("--top-dir", self.site),
                *("--test-path", self.site / _API_TESTS),
                *("run", "--concurrency", "2", only),
            ],
            results,
            self._variables(),
        )

    def test_rules(self, python: Path) -> None:
        """Run Nova's own unit tests of its policy, which list all rules.

        :param python: has the libraries of the release
        :raises Wrong: one fails
        """
        _run(
            [python, "-m", "unittest", _RULE_TESTS],
            self.tree.parent,
            self._variables(),
        )

    def _variables(self) -> dict[str, str]:
        variables = os.environ | nova.SETTINGS
        if self.release < 34:
            # They are served by greenlets, whatever our own tests are.
            del variables["OS_NOVA_DISABLE_EVENTLET_PATCHING"]
        return variables | {"PYTHONPATH": str(self.site)}


def _findings(tree: Path, paths: list[str]) -> collections.Counter[str]:
    done = subprocess.run(
        [sys.executable, "-m", "flake8", "--jobs", "2", *paths],
        cwd=tree,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.stderr:
        raise Wrong(f"flake8 fails:\n{done.stderr}")
    found = map(_FINDING.match, done.stdout.splitlines())
    return collections.Counter(
        f"{match[1]}: {match[2]}" for match in found if match
    )


def _run(
    command: list[str | Path],
    folder: Path,
    variables: dict[str, str] | None = None,
) -> str:
    """Return the last lines that a command prints.

    :raises Wrong: it fails
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    (distribution.FOLDER / "output.log").write_text(done.stdout)
    last = "\n".join(done.stdout.splitlines()[-_LAST:])
    if done.returncode:
        raise Wrong(f"{' '.join(map(str, command[:4]))} fails:\n{last}")
    return last
