# SPDX-License-Identifier: Apache-2.0
"""The names of the protocol's headers: sections 1 and 3."""

from __future__ import annotations

import typing as ty

#: Bears the token of a request, and names it in the answer.
TOKEN: ty.Final = "X-Client-Token"  # noqa: S105 - a header's name
#: The same under the IETF's name (draft-ietf-httpapi-idempotency-key-header).
IDEMPOTENCY_KEY: ty.Final = "Idempotency-Key"
#: The headers that may name a token. Some browsers and gateways add an
#: Idempotency-Key of their own, so it counts only without the other one.
TOKENS: ty.Final = (TOKEN, IDEMPOTENCY_KEY)
#: Says which try a request is, and counts for nothing else.
ATTEMPT: ty.Final = "X-Client-Token-Attempt"

#: What an answer tells of the token: one of answer.Verdict.
STATE: ty.Final = "X-Client-Token-State"
#: When the token ends, as an HTTP date.
EXPIRES: ty.Final = "X-Client-Token-Expires"
#: The id of the earlier request that the answer speaks of.
REQUEST_ID: ty.Final = "X-Client-Token-Request-Id"
#: "true" where the answer is an earlier request's.
REPLAYED: ty.Final = "Idempotent-Replayed"
