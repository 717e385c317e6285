# SPDX-License-Identifier: Apache-2.0
"""Where a module's text has its classes, methods and imports."""

from __future__ import annotations

import ast
import typing as ty

from nova.idempotency.source.tree import Tree
from nova.idempotency.source.tree import Unfit

Import: ty.TypeAlias = ast.Import | ast.ImportFrom


class Module:
    """One module of a tree, as Python understands it.

    :param tree: the tree
    :param path: the module's path below the top folder
    :raises Unfit: it is missing, or no Python
    """

    def __init__(self, tree: Tree, path: str) -> None:
        self.path = path
        self.text = tree.read(path)
        try:
            self._tree = ast.parse(self.text)
        except SyntaxError as exc:
            raise Unfit(
                f"{tree.root / path} is not Python ({exc}). Take a tree "
                "without conflicts."
            ) from exc

    @property
    def body(self) -> list[ast.stmt]:
        """The statements at the top level."""
        return self._tree.body

    def nodes(self) -> ty.Iterator[ast.AST]:
        """Yield all that it consists of."""
        return ast.walk(self._tree)

    def imports(self) -> list[Import]:
        """Return the imports at the top level, in order."""
        return [each for each in self.body if isinstance(each, Import)]

    def imported(self) -> dict[str, str]:
        """Return the full name of each imported name."""
        return {
            alias.asname or alias.name: full
            for statement in self.imports()
            for alias, full in names(statement)
        }

    def assigned(self, name: str) -> ast.expr:
        """Return what a name is set to at the top level.

        :raises Unfit: it is not set
        """
        for each in self.body:
            if isinstance(each, ast.Assign):
                (target, *_) = each.targets
                if isinstance(target, ast.Name) and target.id == name:
                    return each.value
        raise Unfit(f"{self.path} does not define {name}.")

    def classes(self) -> dict[str, ast.ClassDef]:
        """Return the classes at the top level."""
        found = (each for each in self.body if isinstance(each, ast.ClassDef))
        return {each.name: each for each in found}


def inserted(text: str, lines: ty.Mapping[int, str]) -> str:
    """Return a text with lines inserted.

    :param text: the text
    :param lines: what to insert, by the number of the line that follows it,
        counted from 1
    """
    found = text.splitlines(keepends=True)
    for number in sorted(lines, reverse=True):
        found.insert(number - 1, lines[number])
    return "".join(found)


def names(statement: Import) -> ty.Iterator[tuple[ast.alias, str]]:
    """Yield what a statement imports, with the full name of each.

    :param statement: an absolute import
    """
    prefix = ""
    if isinstance(statement, ast.ImportFrom):
        prefix = f"{statement.module}."
    for alias in statement.names:
        yield alias, prefix + alias.name


def methods(class_: ast.ClassDef) -> ty.Iterator[ast.FunctionDef]:
    """Yield the methods that a class itself defines; names may come again.

    :param class_: the class
    """
    for each in class_.body:
        if isinstance(each, ast.FunctionDef):
            yield each


def action(method: ast.FunctionDef) -> str | None:
    """Return the action that a method is marked with (``@wsgi.action``).

    Source: nova.api.openstack.wsgi.action.

    :param method: a controller's method
    """
    for decorator in method.decorator_list:
        if called(decorator) == "action":
            (name,) = ty.cast("ast.Call", decorator).args
            return ty.cast("str", ast.literal_eval(name))
    return None


def called(expression: ast.expr) -> str | None:
    """Return the last name of what is called, None if nothing is.

    :param expression: for example ``wsgi.action("os-stop")``
    """
    if not isinstance(expression, ast.Call):
        return None
    return ast.unparse(expression.func).rpartition(".")[2]
