# SPDX-License-Identifier: Apache-2.0
"""Who a caller is, as the context of a request knows: protocol section 2."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.protocol.scope import Scope


def scope(context: ty.Any, target: str) -> Scope:
    """Return the scope of a request.

    :param context: of the request, as oslo.context describes it
    :param target: its target
    """
    return Scope(
        project_id=context.project_id,
        user_id=context.user_id,
        domain_id=context.domain_id,
        system_scope=context.system_scope,
        target=target,
    )


def roles(context: ty.Any) -> frozenset[str]:
    """Return the names of the caller's roles, in lower case.

    :param context: of the request, as oslo.context describes it
    """
    return frozenset(role.lower() for role in context.roles or ())
