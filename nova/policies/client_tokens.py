# SPDX-License-Identifier: Apache-2.0
"""Who may look client tokens up: rules of Nova's policy."""

from __future__ import annotations

import typing as ty

from oslo_policy import policy

from nova.policies import base

POLICY_ROOT = "os_compute_api:os-client-tokens:%s"

_OPERATIONS: ty.Any = [{"path": "/os-client-tokens", "method": "GET"}]

client_tokens_policies = [
    policy.DocumentedRuleDefault(
        name=POLICY_ROOT % "index",
        check_str="user_id:%(user_id)s",
        description="""Look up the uses of one's own client tokens.

What other callers did with the same token is never shown: it is another
token.
""",
        operations=_OPERATIONS,
        scope_types=["project"],
    ),
    policy.DocumentedRuleDefault(
        name=POLICY_ROOT % "index:all_projects",
        check_str=base.ADMIN,
        description="""Look up the uses of client tokens of other users.

It is asked where a request has one of the query parameters ``all_projects``,
``project_id`` and ``user_id``, and they name more than the caller's own. The
roles of the first request do not count then: the rule is the authority.
Neither tokens nor bodies nor stored answers are shown.
""",
        operations=_OPERATIONS,
        scope_types=["project"],
    ),
]


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return the rules, as oslo.policy's tools ask entry points."""
    return client_tokens_policies
