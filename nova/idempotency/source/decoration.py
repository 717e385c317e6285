# SPDX-License-Identifier: Apache-2.0
"""Puts @idempotent on top of methods, in the text of their module."""

from __future__ import annotations

import ast
import typing as ty

from nova.idempotency.source import order
from nova.idempotency.source.module import called
from nova.idempotency.source.module import methods
from nova.idempotency.source.module import Module
from nova.idempotency.source.routes import Place
from nova.idempotency.source.tree import Unfit

#: The module of the decorator.
PACKAGE = "nova.openstack.common.idempotent"

_DECORATOR = "idempotent"

# Nova wants it first of all (N332); in Nova 31 it even notes the function that
# it finds below it, and Nova calls that one.
_ABOVE = "api_version"


def decorated(module: Module, places: ty.Collection[Place]) -> str:
    """Return a module's text with @idempotent on some of its methods.

    It goes on top of their decorators, but for ``api_version``.

    :param module: the module
    :param places: the methods, all of this module
    :raises Unfit: one of them is decorated already
    """
    lines = module.text.splitlines(keepends=True)
    nodes = [node for place in places for node in _definitions(module, place)]
    for node in sorted(nodes, key=lambda node: -node.lineno):
        at = _line(node) - 1
        indent = " " * node.col_offset
        lines.insert(at, f"{indent}@{_DECORATOR}\n")
    return order.added("".join(lines), PACKAGE, _DECORATOR)


def _definitions(module: Module, place: Place) -> list[ast.FunctionDef]:
    """Return each definition of a method; microversions choose among them."""
    found = [
        node
        for node in methods(module.classes()[place.controller])
        if node.name == place.method
    ]
    if any(map(_is_decorated, found)):
        raise Unfit(
            f"{place} is decorated with @{_DECORATOR} already. Take a tree "
            "without the patch."
        )
    return found


def _is_decorated(node: ast.FunctionDef) -> bool:
    named = (
        decorator.func if isinstance(decorator, ast.Call) else decorator
        for decorator in node.decorator_list
    )
    return any(
        ast.unparse(name).rpartition(".")[2] == _DECORATOR for name in named
    )


def _line(node: ast.FunctionDef) -> int:
    """Return the number of the line above which the decorator goes."""
    for decorator in node.decorator_list:
        if called(decorator) != _ABOVE:
            return decorator.lineno
    return node.lineno
