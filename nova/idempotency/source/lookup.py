# SPDX-License-Identifier: Apache-2.0
"""Makes a tree of Nova answer the look-up: its route, and who may ask."""

from __future__ import annotations

import ast
import typing as ty

from nova.idempotency.source import order
from nova.idempotency.source.module import inserted
from nova.idempotency.source.module import Module
from nova.idempotency.source.tree import Unfit
from nova.policies import base
from nova.policies import client_tokens
from openstack_idempotency.wsgi.lookup import COLLECTION

POLICIES = "nova/policies/__init__.py"
POLICY_TESTS = "nova/tests/unit/test_policy.py"

_RULES = "client_tokens"

# As Nova writes its own.
_CONTROLLER = "client_tokens_controller"
_CREATED = f"""\
{_CONTROLLER} = functools.partial(
    _create_controller, lookup.ClientTokensController, [])


"""
_PATH = f"/{COLLECTION}"
_ROUTE = f"""\
    ('{_PATH}', {{
        'GET': [{_CONTROLLER}, 'index']
    }}),
"""

# Those lists of Nova's tests which have our rules, by who may ask.
_ADMINS = "admin_only_rules"
_OWNERS = "admin_or_owner_rules"


def with_route(module: Module) -> str:
    """Return the text of Nova's routes with the one of the look-up.

    :param module: nova/api/openstack/compute/routes.py
    :raises Unfit: they are written in another way than Nova's
    """
    controllers = {
        name: each
        for each in module.body
        if isinstance(each, ast.Assign)
        and (name := ast.unparse(each.targets[0])).endswith("_controller")
    }
    listed = ty.cast("ast.Tuple", module.assigned("ROUTE_LIST"))
    routes = {
        ast.literal_eval(ty.cast("ast.Tuple", each).elts[0]): each
        for each in listed.elts
    }
    lines = {
        _before(controllers, _CONTROLLER, module.path): _CREATED,
        _before(routes, _PATH, module.path): _ROUTE,
    }
    text = inserted(module.text, lines)
    return order.added(text, "nova.idempotency", "lookup")


def with_rules(module: Module) -> str:
    """Return the text of Nova's policies with the rules of the look-up.

    :param module: nova/policies/__init__.py
    :raises Unfit: it lists rules in another way than Nova's
    """
    listed = {
        ast.unparse(each.func.value): each
        for each in module.nodes()
        if isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr == "list_rules"
    }
    at = _before(listed, _RULES, module.path)
    text = inserted(module.text, {at: f"        {_RULES}.list_rules(),\n"})
    return order.added(text, "nova.policies", _RULES)


def with_tested_rules(module: Module) -> str:
    """Return the text of Nova's own tests of its rules, which know ours.

    :param module: nova/tests/unit/test_policy.py
    :raises Unfit: it has no such lists of rules
    """
    lists = {
        ast.unparse(each.targets[0]): each.value
        for each in module.nodes()
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Tuple)
    }
    text = {}
    for rule in client_tokens.list_rules():
        name = _ADMINS if rule.check_str == base.ADMIN else _OWNERS
        listed = lists.get(f"self.{name}")
        if listed is None:
            raise Unfit(f"{module.path} has no {name}. Repair the tree.")
        rules = {ast.literal_eval(each): each for each in listed.elts}
        at = _before(rules, rule.name, module.path)
        text[at] = f'{" " * listed.elts[0].col_offset}"{rule.name}",\n'
    return inserted(module.text, text)


def _before(
    there: ty.Mapping[str, ast.stmt | ast.expr], name: str, path: str
) -> int:
    """Return the number of the line before which a name goes.

    :raises Unfit: there is no such place
    """
    following = order.following(list(there), name)
    if following is None:
        raise Unfit(f"{path} has no place for {name!r}. Repair the tree.")
    return there[following].lineno
