# SPDX-License-Identifier: Apache-2.0
"""What a script in a browser may send and see of client tokens (CORS).

Paste builds a pipeline from its end, so our filter, or Nova's router of ours,
is built before the cors filter reads its options. It extends their defaults:
an operator names an origin in ``[cors]``, and need not list our headers. Lists
that an operator sets win.
"""

from __future__ import annotations

import typing as ty

from oslo_middleware import cors

from openstack_idempotency.protocol import headers

#: The headers of a request.
SENT = (*headers.TOKENS, headers.ATTEMPT)
#: The headers of an answer: ours, and those that a retry needs.
SEEN = (
    headers.TOKEN,
    headers.STATE,
    headers.EXPIRES,
    headers.REQUEST_ID,
    headers.REPLAYED,
    "Location",
    "Retry-After",
)


def admit(*others: str) -> None:
    """Let browsers send and see client tokens, where they may use the API.

    Calling it again is a no-op. Source: protocol section 1.

    :param others: headers of the service's own answers that a retry needs:
        the one that bears the request's id
    """
    _extend("allow_headers", SENT)
    _extend("expose_headers", (*SEEN, *others))


def _extend(option: str, names: ty.Sequence[str]) -> None:
    (listed,) = (o.default for o in cors.CORS_OPTS if o.name == option)
    known = {name.lower() for name in listed}
    added = [name for name in names if name.lower() not in known]
    cors.set_defaults(**{option: [*listed, *added]})
