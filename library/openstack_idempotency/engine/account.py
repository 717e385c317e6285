# SPDX-License-Identifier: Apache-2.0
"""Accounts for each answer to a request with a token: a line of the log."""

from __future__ import annotations

import dataclasses
import time
import typing as ty

from oslo_log import log as logging

from openstack_idempotency.engine.counters import Counters
from openstack_idempotency.engine.counters import Event
from openstack_idempotency.protocol.answer import Verdict

LOG = logging.getLogger(__name__)

_NONE = "-"


@dataclasses.dataclass(frozen=True)
class Account:
    """What came of one request, as far as an operator may know.

    No field holds anything that a client keeps to itself: neither the token
    nor anything of the body or the answer.

    :param operation: the operation's name, one of a bounded set
    :param request_id: the id of this request
    :param attempt: which try the client says that it is
    :param began: when it began, by the monotonic clock, in seconds
    """

    operation: str
    request_id: str
    attempt: int | None = None
    began: float = dataclasses.field(default_factory=time.monotonic)

    def note(
        self,
        counters: Counters,
        verdict: Verdict,
        status: int,
        earlier: str | None,
    ) -> None:
        """Log and count the answer.

        The fields are also given to formatters that want them apart, as
        ``client_token`` in oslo.log's JSON.

        :param counters: the process's
        :param verdict: what the answer tells of the token
        :param status: its HTTP status
        :param earlier: the id of the earlier request that it speaks of
        """
        elapsed = time.monotonic() - self.began
        fields: dict[str, ty.Any] = {
            "state": verdict.value,
            "operation": self.operation,
            "status": status,
            "attempt": self.attempt,
            "request_id": self.request_id,
            "first_request_id": earlier,
            "milliseconds": round(elapsed * 1000),
        }
        _write(fields)
        counters.count(self.operation, verdict)
        if self.attempt is not None and self.attempt > 1:
            counters.count(self.operation, Event.RETRIED)


def _write(fields: dict[str, ty.Any]) -> None:
    shown = {
        name: _NONE if value is None else value
        for name, value in fields.items()
    }
    LOG.info(
        "Client token: state=%(state)s operation=%(operation)r "
        "status=%(status)s attempt=%(attempt)s request_id=%(request_id)s "
        "first_request_id=%(first_request_id)s milliseconds=%(milliseconds)s",
        shown,
        client_token=fields,
    )
