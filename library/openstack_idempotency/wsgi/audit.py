# SPDX-License-Identifier: Apache-2.0
"""Marks audit events, so that a replay is not taken for a first success."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.protocol.answer import Verdict

# Where keystonemiddleware's audit filter keeps the event of a request, which
# it sends with the answer: pycadf's, whose tags are "name?value=text".
_EVENT: ty.Final = "cadf_event"
STATE: ty.Final = "client_token_state"
FIRST_REQUEST: ty.Final = "client_token_first_request_id"


def mark(
    environ: ty.Mapping[str, ty.Any], verdict: Verdict, earlier: str | None
) -> None:
    """Tag the audit event of a request, if there is one.

    :param environ: the WSGI environment of the request
    :param verdict: what the answer tells of the token
    :param earlier: the id of the earlier request that it speaks of
    """
    event = environ.get(_EVENT)
    if event is None:
        return
    event.add_tag(f"{STATE}?value={verdict.value}")
    if earlier is not None:
        event.add_tag(f"{FIRST_REQUEST}?value={earlier}")
