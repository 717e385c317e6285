# SPDX-License-Identifier: Apache-2.0
"""Our modules, as Python understands them."""

from __future__ import annotations

import ast
import functools
import pathlib
import typing as ty

import testtools

ROOT = pathlib.Path(__file__).parents[3]
PRODUCT: ty.Final = ("nova", "library", "client", "migrations")
# What each other folder may import of the others. The ground is embedded, a
# whole control plane, and testing, which all suites stand on; it knows no
# suite, and no suite another. But what tests a suite has to know it, and what
# is said here.
_GROUND: ty.Final = ("embedded", "testing")
BESIDE: ty.Final = {
    "embedded": (),
    "testing": ("embedded",),
    ".ci": _GROUND,
    "chaos": _GROUND,
    "lossy": _GROUND,
    "benchmarks": (*_GROUND, "chaos"),
    "docs": (),
    "model": (),
    "mutations": (),
    "region": _GROUND,
    "rollout": (*_GROUND, "region"),
    "simulation": (),
    "tempest_plugin": (),
    "tools": (),
    "upstream": _GROUND,
    # Their stories are told with what campaigns are made of: these are the
    # libraries of both suites, not other ones.
    "tests/e2e": (*_GROUND, "lossy", "region"),
    "tests/faults": (*_GROUND, "chaos"),
    "tests/galera": (*_GROUND, "chaos"),
    "tests/functional": _GROUND,
    "tests/services": _GROUND,
    "tests/fuzz": _GROUND,
    # It runs in an environment of its own, in which nothing of ours is.
    "tests/recipes": (),
    "tests/unit": (
        *_GROUND,
        "benchmarks",
        "chaos",
        "lossy",
        "mutations",
        "rollout",
        "simulation",
        "tools",
        "upstream",
    ),
}


@functools.cache
def trees() -> dict[str, ast.Module]:
    """Return what each module below our folders says."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
        for folder in (*PRODUCT, *BESIDE)
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not {"build", "migrations"} & set(path.relative_to(ROOT).parts[1:])
    }


def below(*folders: str) -> ty.Iterator[tuple[str, ast.Module]]:
    for path, tree in trees().items():
        if path.startswith(folders):
            yield path, tree


class SourceTestCase(testtools.TestCase):
    def assert_nobody(self, culprits: ty.Iterable[str]) -> None:
        self.assertEqual([], list(culprits))
