# SPDX-License-Identifier: Apache-2.0
"""One token, used for one POST: where it comes from, what is told of it."""

from __future__ import annotations

import dataclasses
import logging
import typing as ty

from keystoneauth1 import exceptions

from openstack_idempotency_client import notice
from openstack_idempotency_client import token as tokens
from openstack_idempotency_client.clock import ServerClock
from openstack_idempotency_client.discovery import LookUp
from openstack_idempotency_client.ending import Ending
from openstack_idempotency_client.outcome import Outcome
from openstack_idempotency_client.token import ClientToken

_LOG = logging.getLogger(__name__)


class NotSafeError(exceptions.ClientException):
    """The POST was not sent, because it might run twice; says what to do."""


@dataclasses.dataclass(frozen=True)
class Request:
    """A POST that is about to be sent.

    :param target: its path and query, without the cloud's address
    :param clock: the clock of the server that it goes to
    :param promise: what this server's look-up said
    """

    target: str
    clock: ServerClock
    promise: LookUp


class Use:
    """A token for one POST; it learns of each try, and of the ending.

    :param token: what the POST carries
    :param attempts: how often it was sent before, by a process that is gone
    """

    def __init__(self, token: ClientToken, attempts: int = 0) -> None:
        self.token = token
        self.attempts = attempts
        self.ending: Ending | None = None

    @property
    def remembered(self) -> bool:
        """Tell whether a process that is gone may have sent it."""
        return self.attempts > 0

    def sending(self) -> None:
        """Learn that it is about to leave; whatever must be kept is kept."""

    def heard(self, outcome: Outcome) -> None:
        """Learn what came of a try.

        :param outcome: of that try
        """

    def refusal(self, promise: LookUp) -> NotSafeError:
        """Return the error with which a resumed POST is not sent.

        :param promise: what the look-up said
        """
        return NotSafeError(
            "nothing was sent: an earlier request with this client token may "
            f"have run, and {notice.why_not_safe(promise)}"
        )

    def ended(self, ending: Ending) -> None:
        """Learn how it ended.

        :param ending: of the last try
        """
        self.ending = ending


class Source(ty.Protocol):
    """Gives the tokens of a session's POSTs, and hears what to tell."""

    def use(self, request: Request) -> Use | None:
        """Return what a POST carries; none: it carries no token.

        :param request: the POST
        :raises NotSafeError: when it must not be sent at all
        """

    def tell(self, text: str) -> None:
        """Take a line that the user should see.

        :param text: the line
        """

    def ended(self, use: Use) -> None:
        """Learn that a POST has ended, with a token of its own or another.

        :param use: the token, and how it ended
        """

    def passed(self, method: str, *, answered: bool) -> None:
        """Learn of a request without a token.

        :param method: how it was sent
        :param answered: whether it got an answer to use
        """


class Fresh:
    """Makes a new token for each POST: for programs, which keep none."""

    def use(self, request: Request) -> Use:
        """Return a new token, in the server's time.

        :param request: the POST
        """
        return _Made(tokens.make(request.clock.now()))

    def tell(self, text: str) -> None:
        """Log a line, as programs expect it.

        :param text: the line
        """
        _LOG.warning("%s", text)

    def ended(self, use: Use) -> None:
        """Log what a program should know that got no answer.

        :param use: the token, and how it ended
        """
        own = not isinstance(use, _Made)
        if use.ending and (text := notice.of_call(use.ending, own=own)):
            self.tell(text)

    def passed(self, method: str, *, answered: bool) -> None:
        """Leave it to the program, which sees the error."""


class _Made(Use):
    """A token that nobody will use again, since nobody else has it."""
