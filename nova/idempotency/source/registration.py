# SPDX-License-Identifier: Apache-2.0
"""Makes a tree of Nova know the options, requirements and entry points."""

from __future__ import annotations

import ast
import re
import typing as ty

from nova.idempotency.source import order
from nova.idempotency.source.module import Module
from nova.idempotency.source.tree import Unfit

CONF = "nova/conf/__init__.py"
REQUIREMENTS = "requirements.txt"
MIDDLEWARE = "nova/middleware.py"

#: Where Nova's commands and entry points are listed: Nova 33 and later have
#: them in the first one, those before in the second.
ENTRY_POINTS = ("pyproject.toml", "setup.cfg")

_OPTIONS = "idempotency"

# What stands in both of those files, and ours that goes below it.
_BEFORE_THE_COMMAND = re.compile(r"(\s*)nova-conductor( = )(\"?)")
_COMMAND = "nova.cmd.idempotency:main"
_SERVICE_GROUP = "openstack_idempotency.service"
_SERVICE = "nova.idempotency.service:of_decorated_methods"
_BEFORE_THE_GROUP = "oslo.config.opts"


def with_options(module: Module) -> str:
    """Return the text of nova.conf with the options of client tokens.

    :param module: nova/conf/__init__.py
    :raises Unfit: it registers options in another way than Nova
    """
    lines = module.text.splitlines(keepends=True)
    at = None
    for each in module.body:
        name = _registered(each)
        if name is not None and name < _OPTIONS:
            at = each.end_lineno
        elif name is not None and at is not None:
            break
    if at is None:
        raise Unfit(f"{module.path} registers no options. Repair the tree.")
    lines.insert(at, f"{_OPTIONS}.register_opts(CONF)\n")
    return order.added("".join(lines), "nova.conf", _OPTIONS)


def _registered(statement: ast.stmt) -> str | None:
    """Return the module whose options a statement registers, if any."""
    if not isinstance(statement, ast.Expr):
        return None
    name, _, rest = ast.unparse(statement).partition(".")
    return name if rest == "register_opts(CONF)" else None


def with_requirement(text: str, requirement: str) -> str:
    """Return requirements.txt with one more line.

    :param text: the file's text
    :param requirement: the line, without its end
    """
    return f"{text}{_end(text)}{requirement}\n"


def with_headers(
    module: Module, sent: ty.Iterable[str], seen: ty.Iterable[str]
) -> str:
    """Return the text of nova.middleware that lets browsers use tokens.

    :param module: nova/middleware.py
    :param sent: the headers that a script in a browser may send
    :param seen: those of answers that it may see
    :raises Unfit: it has no such lists
    """
    text = module.text
    for option, names in (("allow_headers", sent), ("expose_headers", seen)):
        text = _extended(text, option, names, module.path)
    return text


def _extended(
    text: str, option: str, names: ty.Iterable[str], path: str
) -> str:
    for each in ast.walk(ast.parse(text)):
        if isinstance(each, ast.keyword) and each.arg == option:
            listed = ty.cast("ast.List", each.value)
            known = {name.lower() for name in ast.literal_eval(listed)}
            last = listed.elts[-1]
            lines = text.splitlines(keepends=True)
            line, at = lines[(last.end_lineno or 1) - 1], last.end_col_offset
            indent = " " * last.col_offset
            more = "".join(
                f",\n{indent}'{name}'"
                for name in names
                if name.lower() not in known
            )
            lines[(last.end_lineno or 1) - 1] = line[:at] + more + line[at:]
            return "".join(lines)
    raise Unfit(f"{path} does not set {option}. Repair the tree.")


def with_entry_points(path: str, text: str) -> str:
    """Return the list of Nova's entry points with ours.

    :param path: one of :data:`ENTRY_POINTS`
    :param text: its text, which has Nova's commands
    """
    made = []
    for line in text.splitlines(keepends=True):
        if line.startswith(f'[project.entry-points."{_BEFORE_THE_GROUP}"]'):
            made += [
                f'[project.entry-points."{_SERVICE_GROUP}"]\n',
                f'nova = "{_SERVICE}"\n\n',
            ]
        elif re.match(rf"{re.escape(_BEFORE_THE_GROUP)} *=", line):
            indent = _indent(text)
            made += [f"{_SERVICE_GROUP} =\n", f"{indent}nova = {_SERVICE}\n"]
        made.append(line)
        command = _BEFORE_THE_COMMAND.match(line)
        if command:
            indent, equals, quote = command.groups()
            value = f"{quote}{_COMMAND}{quote}"
            made.append(f"{indent}nova-idempotency{equals}{value}\n")
    return "".join(made)


def has_entry_points(text: str) -> bool:
    """Tell whether a file lists Nova's commands.

    :param text: its text
    """
    return any(map(_BEFORE_THE_COMMAND.match, text.splitlines()))


def _indent(text: str) -> str:
    (command, *_) = filter(
        None, map(_BEFORE_THE_COMMAND.match, text.splitlines())
    )
    return command[1]


def _end(text: str) -> str:
    return "" if not text or text.endswith("\n") else "\n"
