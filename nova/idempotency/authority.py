# SPDX-License-Identifier: Apache-2.0
"""Adds the rules of the look-up to Nova's policy."""

from __future__ import annotations

from nova import policy
from nova.policies import client_tokens


def register() -> None:
    """Register the rules' defaults, so that policy.yaml can override them.

    Nova lists the modules of its own rules by name. Calling it again is a
    no-op.
    """
    policy.init()
    # Nova's get_enforcer() is for the policy tools: it parses a command line.
    enforcer = policy._ENFORCER
    for rule in client_tokens.list_rules():
        if rule.name not in enforcer.registered_rules:
            enforcer.register_default(rule)
