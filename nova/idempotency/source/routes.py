# SPDX-License-Identifier: Apache-2.0
"""Which method answers each POST, as the text of Nova's routes says."""

from __future__ import annotations

import ast
import collections
import dataclasses
import typing as ty

from nova.idempotency import operations
from nova.idempotency.source.module import action
from nova.idempotency.source.module import methods
from nova.idempotency.source.module import Module
from nova.idempotency.source.tree import ROUTES
from nova.idempotency.source.tree import Tree
from nova.idempotency.source.tree import Unfit

# By this name a route says that the key of the body chooses the method.
_ACTION = "action"

Post: ty.TypeAlias = tuple[str, str | None]


@dataclasses.dataclass(frozen=True, order=True)
class Place:
    """A method, and the class that defines it.

    :param path: the module's path below the top folder
    :param controller: the class
    :param method: the name; a class may define it several times
    """

    path: str
    controller: str
    method: str

    def __str__(self) -> str:
        return f"{self.path}: {self.controller}.{self.method}"


class _Class(ty.NamedTuple):
    module: Module
    node: ast.ClassDef


class Routes:
    """The POSTs of a tree, and the methods that answer them.

    :param tree: the tree
    :raises Unfit: its routes are written in another way than Nova's
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._modules: dict[str, Module] = {}
        self._routes = self.module(ROUTES)
        self._posts = dict(self._find())

    def module(self, path: str) -> Module:
        """Return a module, parsed once.

        :param path: its path below the top folder
        """
        if path not in self._modules:
            self._modules[path] = Module(self._tree, path)
        return self._modules[path]

    def places(
        self, table: ty.Iterable[operations.Operation]
    ) -> dict[Place, list[str]]:
        """Return the methods that answer the rows of a table.

        :param table: the rows
        :returns: the names of the operations of each method
        :raises Unfit: a row has no method
        """
        found: dict[Place, list[str]] = collections.defaultdict(list)
        for row in table:
            place = self._posts.get((row.path, row.action))
            if place is None:
                raise Unfit(
                    f"{row} is in the table of operations, but {ROUTES} leads "
                    "to no method for it. Put the operation back into the "
                    "tree, or use the release of nova-idempotency that was "
                    "made for it."
                )
            found[place].append(str(row))
        return found

    def posts(self) -> ty.Collection[Post]:
        """Return all POSTs: their paths, and actions where there are some."""
        return self._posts.keys()

    def _find(self) -> ty.Iterator[tuple[Post, Place]]:
        for entry in _elements(self._routes.assigned("ROUTE_LIST")):
            path, answers = _elements(entry)
            for verb, answer in _items(answers):
                if verb != "POST":
                    continue
                resource, name = _elements(answer)
                main, *others = self._controllers(resource)
                where = ast.literal_eval(path)
                if ast.literal_eval(name) == _ACTION:
                    for controller in (main, *others):
                        for key, place in self._actions(controller).items():
                            yield (where, key), place
                else:
                    method = ast.literal_eval(name)
                    yield (where, None), self._method(main, method)

    def _controllers(self, resource: ast.expr) -> list[_Class]:
        """Return the classes of ``partial(_create_controller, A, [B, ...])``.

        The first one is the controller, the others have more actions.
        """
        if isinstance(resource, ast.Name):
            resource = self._routes.assigned(resource.id)
        if not isinstance(resource, ast.Call) or len(resource.args) != 3:
            raise self._other_form(resource)
        _, main, others = resource.args
        return [
            self._class(self._routes, each)
            for each in (main, *_elements(others))
        ]

    def _class(self, module: Module, name: ast.expr) -> _Class:
        if isinstance(name, ast.Name):
            return _Class(module, module.classes()[name.id])
        if not isinstance(name, ast.Attribute):
            raise self._other_form(name)
        full = module.imported().get(ast.unparse(name.value))
        if full is None:
            raise self._other_form(name)
        other = self.module(f"{full.replace('.', '/')}.py")
        return _Class(other, other.classes()[name.attr])

    def _lineage(self, controller: _Class) -> ty.Iterator[_Class]:
        """Yield a class and those that it inherits from, but for Nova's base.

        In the order in which Python looks a method up.
        """
        yield controller
        for base in controller.node.bases:
            if ast.unparse(base) not in {"wsgi.Controller", "object"}:
                yield from self._lineage(self._class(controller.module, base))

    def _actions(self, controller: _Class) -> dict[str, Place]:
        found: dict[str, Place] = {}
        for each in self._lineage(controller):
            for method in methods(each.node):
                key = action(method)
                if key is not None and key not in found:
                    found[key] = self._method(controller, method.name)
        return found

    def _method(self, controller: _Class, name: str) -> Place:
        for each in self._lineage(controller):
            if any(method.name == name for method in methods(each.node)):
                return Place(each.module.path, each.node.name, name)
        raise Unfit(
            f"{ROUTES} names {controller.node.name}.{name}, which "
            f"{controller.module.path} does not define. Repair the tree."
        )

    def _other_form(self, expression: ast.expr) -> Unfit:
        return Unfit(
            f"{ROUTES} names a controller in a way that Nova does not use: "
            f"{ast.unparse(expression)}. Write it as Nova's others are."
        )


def _elements(expression: ast.expr) -> list[ast.expr]:
    if isinstance(expression, ast.Tuple | ast.List):
        return expression.elts
    raise Unfit(f"{ROUTES} has no list here: {ast.unparse(expression)}")


def _items(expression: ast.expr) -> ty.Iterator[tuple[str, ast.expr]]:
    # A redirection is a string instead.
    if isinstance(expression, ast.Dict):
        for key, value in zip(expression.keys, expression.values, strict=True):
            if key is not None:
                yield ast.literal_eval(key), value
