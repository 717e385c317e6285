# SPDX-License-Identifier: Apache-2.0
"""What came of one try of a request with a token."""

from __future__ import annotations

import dataclasses
import email.utils
import enum
import ssl
import time
import typing as ty

from keystoneauth1 import exceptions
import requests
from urllib3 import exceptions as urllib3_errors

HEADER = "X-Client-Token"
STATE_HEADER = "X-Client-Token-State"


class State(enum.StrEnum):
    """What an answer says of itself (docs/protocol.md, section 3)."""

    EXECUTED = "executed"
    REPLAYED = "replayed"
    REBUILT = "rebuilt"
    INTERRUPTED = "interrupted"
    RUNNING = "running"
    TAKEN_OVER = "taken-over"
    UNAVAILABLE = "unavailable"
    TOO_MANY = "too-many"
    DIFFERENT = "different"
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"
    FAILED = "failed"
    UNKNOWN = "unknown"
    ANSWER_LOST = "answer-lost"
    INVALID = "invalid"


class Fault(enum.Enum):
    """Why there is no answer."""

    NOT_SENT = "no connection"
    NOT_TRUSTED = "its certificate is not trusted"
    UNANSWERED = "no answer"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """An answer, or why there is none.

    :param status: the answer's, or none
    :param state: what it says of the request, where it says that
    :param fault: why there is no answer
    :param retry_after: seconds that the answer asks to wait
    :param first_request: the id of the request that made the answer
    """

    status: int | None = None
    state: State | None = None
    fault: Fault | None = None
    retry_after: float | None = None
    first_request: str | None = None

    @property
    def may_have_run(self) -> bool:
        """Tell whether bytes of the request may have reached a service."""
        return self.fault not in (Fault.NOT_SENT, Fault.NOT_TRUSTED)

    @property
    def answered(self) -> bool:
        """Tell whether a service that keeps tokens has spoken."""
        return self.state is not None

    @property
    def opens(self) -> bool:
        """Tell whether the try may have run, and no service spoke of it."""
        return self.may_have_run and not self.answered

    @property
    def silent(self) -> bool:
        """Tell whether nobody knows from it what became of the request."""
        if self.status is None:
            return self.may_have_run
        return self.state is None and (
            self.status == 408 or self.status >= 500
        )

    def settles(self, *, earlier_unanswered: bool) -> bool:
        """Tell whether the token has done its work and can be forgotten.

        :param earlier_unanswered: whether an earlier try with the token got
            no answer: it may still arrive, and run, after a refusal
        """
        if self.state in (State.REPLAYED, State.REBUILT, State.INVALID):
            return True
        if self.state is State.EXECUTED:
            refused = self.status is not None and self.status >= 400
            return not (refused and earlier_unanswered)
        return self._answers_without_tokens and not earlier_unanswered

    @property
    def _answers_without_tokens(self) -> bool:
        # From a POST that only reads, or from a host that ignores tokens: the
        # user has the answer.
        return self.state is None and self.status is not None and (
            self.status < 300
        )

    def __str__(self) -> str:
        """Say it in a few words, for a line on the terminal."""
        if self.status is None:
            return str(self.fault and self.fault.value)
        said = f"HTTP {self.status}"
        return f"{said}, {self.state}" if self.state else said


def of_answer(answer: requests.Response) -> Outcome:
    """Return what an answer says.

    :param answer: as it came
    """
    headers = answer.headers
    if _is_cut(answer):
        return Outcome(fault=Fault.UNANSWERED)
    try:
        state = State(headers.get(STATE_HEADER, ""))
    except ValueError:
        state = None
    return Outcome(
        status=answer.status_code,
        state=state,
        retry_after=seconds(headers.get("Retry-After"), headers.get("Date")),
        first_request=headers.get("X-Client-Token-Request-Id"),
    )


def of_error(error: exceptions.ConnectionError) -> Outcome:
    """Return what keystoneauth's error about a connection means.

    :param error: with the one of requests as its context
    """
    return Outcome(fault=_fault(error.__context__))


def _is_cut(answer: requests.Response) -> bool:
    """Tell whether a connection broke within the head of an answer.

    Python takes what came of the head for all of it. Then there is no body,
    and nothing says that there should be none.
    """
    if answer.content or answer.status_code == 204:
        return False
    framed = ("Content-Length", "Transfer-Encoding", STATE_HEADER)
    return not any(name in answer.headers for name in framed)


def seconds(text: str | None, date: str | None = None) -> float | None:
    """Return the seconds that a Retry-After asks for (RFC 9110, 10.2.3).

    :param text: a number of seconds, or a date
    :param date: the answer's own; the local clock may be wrong
    """
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    when = of_date(text)
    if when is None:
        return None
    now = None if date is None else of_date(date)
    return max(0.0, when - (time.time() if now is None else now))


def of_date(text: str) -> float | None:
    """Return an HTTP date in seconds since the epoch; none: it is no date.

    :param text: a header's value
    """
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _fault(cause: BaseException | None) -> Fault:
    # requests tells a refused connection and a dropped one apart only by
    # what urllib3 gave as the reason.
    causes = list(_causes(cause))
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
        return Fault.NOT_TRUSTED
    early = (
        urllib3_errors.NewConnectionError,
        urllib3_errors.ConnectTimeoutError,
    )
    if any(isinstance(one, early) for one in causes):
        return Fault.NOT_SENT
    return Fault.UNANSWERED


def _causes(error: BaseException | None) -> ty.Iterator[BaseException]:
    """Yield an error, and what it was raised from, however it says that."""
    waiting: list[ty.Any] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [getattr(one, "reason", None), one.__cause__, *one.args]
