# SPDX-License-Identifier: Apache-2.0
"""Our own modules, in the form that Nova's tree wants."""

from __future__ import annotations

import importlib.resources
from importlib.resources.abc import Traversable
import typing as ty

from nova.idempotency.source import order
from nova.idempotency.source import templates

_LINE = "# SPDX-License-Identifier: Apache-2.0\n"

#: Our packages: where each is in Nova's tree, and how it is imported here.
_PACKAGES = {
    "nova/db/idempotency": "nova.db.idempotency",
    "nova/idempotency": "nova.idempotency",
    "nova/openstack": "nova.openstack",
}
#: Our modules in packages of Nova's.
_MODULES = ("nova/cmd/idempotency.py", "nova/conf/idempotency.py")

# What only the distribution has.
_NOT_CARRIED = ("nova/idempotency/source/",)
_ENDS = (".py", ".mako")

# Ours are formatted by ruff, read JSON numbers exactly, and cannot depend on
# what only Nova's rules know.
_RULES = "# flake8: noqa: E203,E501,E704,N324,N357,W503\n"


def files() -> dict[str, str]:
    """Return the texts of our modules, by their paths in Nova's tree."""
    found = dict(_installed())
    return {
        path: adapted(path, text)
        for path, text in found.items()
        if not path.startswith(_NOT_CARRIED)
    }


def _installed() -> ty.Iterator[tuple[str, str]]:
    for path, package in _PACKAGES.items():
        yield from _below(path, importlib.resources.files(package))
    for path in _MODULES:
        folder, _, name = path.rpartition("/")
        there = importlib.resources.files(folder.replace("/", "."))
        yield path, (there / name).read_text("utf-8")


def _below(path: str, folder: Traversable) -> ty.Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        name = f"{path}/{each.name}"
        if each.is_dir():
            yield from _below(name, each)
        elif each.name.endswith(_ENDS):
            yield name, each.read_text("utf-8")


def adapted(path: str, text: str) -> str:
    """Return a module with Nova's licence text, and imports in Nova's order.

    :param path: its path in Nova's tree
    :param text: it as it is here
    """
    licence = templates.read("licence")
    # The marker of a package may be that line alone.
    below = f"\n{_RULES}\n" if text.rstrip("\n") + "\n" != _LINE else ""
    licensed = text.replace(_LINE, f"{licence}{below}", 1).rstrip("\n") + "\n"
    return order.sorted_(licensed) if path.endswith(".py") else licensed
