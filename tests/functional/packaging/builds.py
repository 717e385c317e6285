# SPDX-License-Identifier: Apache-2.0
"""Builds our wheels, as pip does it, from a copy of the checkout."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import tempfile
import typing as ty
import unittest
import zipfile

CHECKOUT = pathlib.Path(__file__).parents[3]
SECONDS = 120

# What earlier builds and runs may have left, and what is not ours.
_IGNORED = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "var"
)
# The hooks of PEP 517 and PEP 660; each prints the name of its wheel.
_HOOK = "import sys; from setuptools import build_meta as b; {}(sys.argv[1])"

Kind: ty.TypeAlias = ty.Literal["wheel", "editable"]


def build(kind: Kind, source: pathlib.Path) -> pathlib.Path:
    """Return a new wheel, made without a network.

    :param kind: for a normal or for an editable install
    :param source: the folder of its pyproject.toml
    """
    into = source / "dist" / kind
    into.mkdir(parents=True)
    subprocess.run(
        [sys.executable, "-c", _HOOK.format(f"b.build_{kind}"), str(into)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=SECONDS,
    )
    (wheel,) = into.glob("*.whl")
    return wheel


def copy_of_checkout(case: type[unittest.TestCase]) -> pathlib.Path:
    """Return a copy that lives as long as the tests of a class.

    :param case: the class
    """
    folder = tempfile.TemporaryDirectory()
    case.addClassCleanup(folder.cleanup)
    copy = pathlib.Path(folder.name).resolve() / "checkout"
    shutil.copytree(CHECKOUT, copy, ignore=_IGNORED)
    return copy


def files(wheel: pathlib.Path) -> set[str]:
    """Return what a wheel puts into site-packages.

    :param wheel: its file
    """
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())
