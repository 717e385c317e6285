# SPDX-License-Identifier: Apache-2.0
"""What a user should know about the answer to a POST with a client token."""

import json
from urllib.parse import urlsplit

from requests import Response

from openstack_idempotency_client.session import HEADER
from openstack_idempotency_client.token import ClientToken

# POSTs that change nothing. Retrying them is safe, so Nova does not use the
# token, and its silence means nothing.
_READ_ACTIONS = frozenset(
    {
        "os-getConsoleOutput",
        "os-getSPICEConsole",
        "os-getSerialConsole",
        "os-getVNCConsole",
    }
)
_READ_PATH = "/remote-consoles"


def notice(answer: Response, token: ClientToken) -> str | None:
    """Say in one line what the answer means for a retry, if anything."""
    if answer.headers.get(HEADER) != token.value:
        return _unconfirmed(answer)
    if answer.headers.get("Idempotent-Replayed") == "true":
        first = answer.headers.get("X-Client-Token-Request-Id", "unknown")
        return (
            "NOTE: this answer was given before (first request id "
            f"{first}); the request was not run again."
        )
    return None


def _unconfirmed(answer: Response) -> str | None:
    # A 4xx did nothing, and may come from before the compute API: identity,
    # a rate limit. Nothing can be concluded from it.
    if 400 <= answer.status_code < 500 or _only_reads(answer):
        return None
    # A gateway in front of a cloud that takes tokens fails like this, too.
    if answer.status_code >= 500:
        return (
            "WARNING: this error does not show whether the cloud takes "
            "client tokens; if you do not know that it does, check what the "
            "command did before you retry it."
        )
    return (
        "WARNING: this cloud ignores client tokens; it is not safe to retry "
        "this command, which would run again."
    )


def _only_reads(answer: Response) -> bool:
    path = urlsplit(answer.request.url or "").path
    body = answer.request.body
    if path.endswith("/action") and isinstance(body, str | bytes):
        return not _READ_ACTIONS.isdisjoint(json.loads(body))
    return path.endswith(_READ_PATH)
