# SPDX-License-Identifier: Apache-2.0
"""What tempest.conf may say of client tokens."""

from __future__ import annotations

import typing as ty

from oslo_config import cfg

GROUP: ty.Final = cfg.OptGroup("client_tokens", title="Client tokens")
OPTIONS: ty.Final[list[cfg.Opt]] = [
    cfg.BoolOpt(
        "required",
        default=False,
        help="Whether tests fail where the cloud keeps no client tokens; "
        "otherwise they are skipped.",
    ),
    cfg.BoolOpt(
        "idempotency_key",
        default=True,
        help="Whether the cloud takes tokens in the header Idempotency-Key, "
        "too: whether [idempotency] headers of its nova.conf lists it.",
    ),
]
