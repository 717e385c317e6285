# SPDX-License-Identifier: Apache-2.0
"""The answers that the protocol itself gives instead of the service's."""

from __future__ import annotations

import typing as ty


class Refusal(Exception):
    """A request with a token that is answered without running it.

    Messages say what to do next, and never contain the token, the body or
    the stored answer.
    """

    status: ty.ClassVar[int]
    message: ty.ClassVar[str]
    retry_after: ty.ClassVar[int | None] = None  # seconds

    def __init__(self) -> None:
        super().__init__(self.message)


class BadToken(Refusal):
    """The header is not a token (protocol section 1).

    :param header: its name
    """

    status = 400
    message = (
        "{header}: a client token must be 1 to 255 visible ASCII characters "
        "without commas, and the same one wherever the header is repeated. "
        "Nothing was done; send the request again with a valid token."
    )

    def __init__(self, header: str) -> None:
        self.message = self.message.format(  # type: ignore[misc]
            header=header
        )
        super().__init__()


class BodyTooDeep(Refusal):
    """The body is nested deeper than it can be compared."""

    status = 400
    message = (
        "The request body is nested too deeply to be used with a client "
        "token. Nothing was done."
    )


class DifferentRequest(Refusal):
    """The token belongs to another request (protocol section 3)."""

    status = 422
    message = (
        "This client token was used for a different request. Nothing was "
        "done; use a new token for a new request."
    )


class InProgress(Refusal):
    """The first request with this token has not finished."""

    status = 409
    retry_after = 1
    message = (
        "The first request with this client token is still running. Send "
        "the same request again later to get its answer."
    )


class TokenLost(Refusal):
    """This request lost its token to a retry while it ran (section 5)."""

    status = 409
    retry_after = 1
    message = (
        "This request took so long that a repetition with the same client "
        "token took over. What it made was undone; send the same request "
        "again to get the answer of the other one."
    )


class OutcomeUnknown(Refusal):
    """The first request died and left no trace of its outcome."""

    status = 409
    message = (
        "The outcome of the first request with this client token is "
        "unknown. It is never run again under this token: look whether it "
        "took effect, and use a new token to try again."
    )


class AnswerLost(Refusal):
    """The first request finished, but its answer cannot be given again."""

    status = 409
    message = (
        "The first request with this client token has finished, but its "
        "answer is not available any more. It is not run again under this "
        "token: look for what it made, or use a new token."
    )


class Unavailable(Refusal):
    """The token cannot be kept, so the request is not run (section 3)."""

    status = 503
    message = (
        "Client tokens are not available at the moment. Nothing was done; "
        "send the request again later, with the same token."
    )
