# SPDX-License-Identifier: Apache-2.0
"""Our own modules, in the form that Nova's tree wants."""

from __future__ import annotations

import functools
import importlib.resources
from importlib.resources.abc import Traversable
import pathlib
import re
import typing as ty

from nova.idempotency.source import order
from nova.idempotency.source import templates

#: The library's package, and what it is called in Nova's tree.
LIBRARY = "openstack_idempotency"
CARRIED_LIBRARY = "nova.openstack.common.idempotency"

#: Our packages, and modules in packages of Nova's.
_PACKAGES = ("nova.db.idempotency", "nova.idempotency", "nova.openstack")
_MODULES = (
    "nova.cmd.idempotency",
    "nova.conf.idempotency",
    "nova.policies.client_tokens",
)

# What only the distributions have: this, what tests of others use, and what
# brings client tokens to other services.
_NOT_CARRIED = (
    "nova/idempotency/source/",
    *(
        f"nova/openstack/common/idempotency/{name}"
        for name in (
            "commands/program.py",
            "fixture/",
            "middleware/",
            "services/",
            "serving/",
        )
    ),
)
_ENDS = (".py", ".mako")

_LINE = "# SPDX-License-Identifier: Apache-2.0\n"
# Ours are formatted by ruff, read JSON numbers exactly, and cannot depend on
# what only Nova's rules know.
_RULES = "# flake8: noqa: E203,E501,E704,N324,N357,W503\n"


def files() -> dict[str, str]:
    """Return the texts of our modules, by their paths in Nova's tree."""
    return {
        path: adapted(path, text)
        for path, text in _installed()
        if not path.startswith(_NOT_CARRIED)
    }


def _installed() -> ty.Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        yield from _below(package, importlib.resources.files(package))
    yield from _below(CARRIED_LIBRARY, importlib.resources.files(LIBRARY))
    for module in _MODULES:
        package, _, name = module.rpartition(".")
        there = importlib.resources.files(package) / f"{name}.py"
        yield f"{_path(module)}.py", there.read_text("utf-8")


def _below(package: str, folder: Traversable) -> ty.Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _below(f"{package}.{each.name}", each)
        elif each.name.endswith(_ENDS):
            text = each.read_text("utf-8")
            yield f"{_path(package)}/{each.name}", text


def _path(module: str) -> str:
    return module.replace(".", "/")


def adapted(path: str, text: str) -> str:
    """Return a module as Nova's tree has it.

    With Nova's licence text, imports from the tree, and these in Nova's
    order.

    :param path: its path in Nova's tree
    :param text: it as it is here
    """
    licence = templates.read("licence")
    # The marker of a package may be that line alone.
    below = f"\n{_RULES}\n" if text.rstrip("\n") != _LINE.rstrip("\n") else ""
    text = renamed(text.replace(_LINE, f"{licence}{below}", 1))
    text = text.rstrip("\n") + "\n" if text.strip() else ""
    return order.sorted_(text) if path.endswith(".py") else text


def renamed(text: str) -> str:
    """Return a text that names the library's modules as Nova's tree does.

    Its group of entry points and the like keep their names.

    :param text: the text of a module
    """
    return _names().sub(CARRIED_LIBRARY, text)


@functools.cache
def _names() -> re.Pattern[str]:
    """Return what finds the library's name where a module of it is meant."""
    inside = "|".join(
        sorted(
            {
                pathlib.PurePath(each.name).stem
                for each in importlib.resources.files(LIBRARY).iterdir()
                if each.is_dir() or each.name.endswith(".py")
            }
        )
    )
    return re.compile(rf"\b{LIBRARY}(?=\.(?:{inside})\b| import )")
