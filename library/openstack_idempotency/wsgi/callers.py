# SPDX-License-Identifier: Apache-2.0
"""Who a caller is, as the context of a request knows: protocol section 2."""

from __future__ import annotations

from oslo_context.context import RequestContext

from openstack_idempotency.protocol.scope import Scope


def scope(context: RequestContext, target: str) -> Scope:
    """Return the scope of a request.

    :param context: of the request
    :param target: its target
    """
    return Scope(
        project_id=context.project_id,
        user_id=context.user_id,
        domain_id=context.domain_id,
        system_scope=context.system_scope,
        target=target,
    )


def roles(context: RequestContext) -> frozenset[str]:
    """Return the names of the caller's roles, in lower case.

    :param context: of the request
    """
    return frozenset(role.lower() for role in context.roles or ())
