# SPDX-License-Identifier: Apache-2.0
"""The answers that the protocol itself gives instead of the service's."""

from __future__ import annotations

import typing as ty

from openstack_idempotency.protocol.answer import Verdict


class Refusal(Exception):
    """A request with a token that is answered without the service's answer.

    Messages say what to do next, and never contain the token, the body or
    the stored answer.

    :param request_id: the id of the earlier request that it speaks of
    :param retry_after: the seconds after which the client may come back, if
        they are not those of its kind
    """

    status: ty.ClassVar[int]
    verdict: ty.ClassVar[Verdict]
    message: str
    retry_after: int | None = None

    def __init__(
        self, request_id: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(self.message)
        self.request_id = request_id
        if retry_after is not None:
            self.retry_after = retry_after

    def __str__(self) -> str:
        return self.message


class Invalid(Refusal):
    """The token or the body cannot be used: nothing ran."""

    status = 400
    verdict = Verdict.INVALID


class BadToken(Invalid):
    """The header is not a token (protocol section 1).

    :param header: its name
    """

    _text = (
        "The client token in %s is not valid: it must be 1 to 255 visible "
        "ASCII characters without spaces or commas, and the same wherever "
        "the header is repeated. Nothing was done; send the request again "
        "with a valid token."
    )

    def __init__(self, header: str) -> None:
        self.message = self._text % header
        super().__init__()


class BodyTooDeep(Invalid):
    """The body is nested too deeply, or a number in it is too long."""

    message = (
        "The request body cannot be compared with that of a retry: it is "
        "nested too deeply, or a number in it is too long. Nothing was done; "
        "send the request without a client token."
    )


class FromTheFuture(Invalid):
    """The token claims to have been made in the future (section 6).

    :param now: the server's time, as an HTTP date
    """

    _text = (
        "The client token contains a time in the future: your clock is "
        "ahead. The server's time is %s. Nothing was done; correct the clock "
        "and send the request again with a new token."
    )

    def __init__(self, now: str) -> None:
        self.message = self._text % now
        super().__init__()


class Expired(Refusal):
    """The token has outlived its life and is no longer known (section 6).

    :param now: the server's time, as an HTTP date
    """

    status = 412
    verdict = Verdict.EXPIRED
    _text = (
        "This client token is older than the time for which tokens are kept, "
        "so the outcome of its first request is no longer known. The "
        "server's time is %s; if your clock is behind, a new token looks old, "
        "too. Nothing was done: check whether the first request took effect, "
        "then use a new token."
    )

    def __init__(self, now: str) -> None:
        self.message = self._text % now
        super().__init__()


class Different(Refusal):
    """The token belongs to another request (protocol section 3)."""

    status = 422
    verdict = Verdict.DIFFERENT
    message = (
        "This client token was used for a different request. Nothing was "
        "done. If this was meant as a retry, check whether the first request "
        "took effect; then use a new token."
    )


class Forbidden(Refusal):
    """The caller lacks a role that the first request had (section 2)."""

    status = 403
    verdict = Verdict.FORBIDDEN
    message = (
        "The first request with this client token was made with roles that "
        "this one does not have. Send the same request again with "
        "credentials that have them to get its answer."
    )


class Running(Refusal):
    """The first request with this token has not finished."""

    status = 409
    verdict = Verdict.RUNNING
    retry_after = 1
    message = (
        "The first request with this client token is still running. Send "
        "the same request again later to get its answer."
    )


class TakenOver(Refusal):
    """This request lost its token to a retry while it ran (section 5)."""

    status = 409
    verdict = Verdict.TAKEN_OVER
    retry_after = 1
    message = (
        "This request took so long that a retry with the same client token "
        "took over. Send the same request again to get its answer."
    )


class Unknown(Refusal):
    """The first request died and left no trace of its outcome."""

    status = 409
    verdict = Verdict.UNKNOWN
    message = (
        "The outcome of the first request with this client token is "
        "unknown. It is never run again under this token: check whether it "
        "took effect, and use a new token to try again."
    )


class Failed(Refusal):
    """The first request died, and the service recorded that it failed."""

    status = 500
    verdict = Verdict.FAILED
    message = (
        "The first request with this client token failed. It is never run "
        "again under this token: check what it left, and use a new token to "
        "try again."
    )


class AnswerLost(Refusal):
    """The first request finished, but its answer cannot be given again."""

    status = 409
    verdict = Verdict.ANSWER_LOST
    message = (
        "The first request with this client token has finished, but its "
        "answer is not available any more. It is not run again under this "
        "token: check what it made, or use a new token."
    )


class TooMany(Refusal):
    """The user has too many young tokens (protocol section 6)."""

    status = 429
    verdict = Verdict.TOO_MANY
    retry_after = 60
    message = (
        "Too many client tokens: this user has reached the limit. Nothing "
        "was done; send the request again later, or without a client token."
    )


class Unavailable(Refusal):
    """The token cannot be stored or settled for now (section 3)."""

    status = 503
    verdict = Verdict.UNAVAILABLE
    retry_after = 1
    message = (
        "Client tokens are temporarily unavailable. Send the same request "
        "again later with the same token: its answer will then tell you "
        "whether it took effect."
    )
