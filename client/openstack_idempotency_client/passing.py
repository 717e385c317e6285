# SPDX-License-Identifier: Apache-2.0
"""Sends a request without a token as it is, and tells what came of it."""

from __future__ import annotations

import typing as ty

from keystoneauth1 import exceptions
import requests

from openstack_idempotency_client import outcome
from openstack_idempotency_client.use import Source


def pass_on(
    send: ty.Callable[..., requests.Response],
    source: Source,
    url: str,
    method: str,
    kwargs: dict[str, ty.Any],
) -> requests.Response:
    """Return the answer to a request.

    :param send: the session's own way to send it
    :param source: learns of it
    :param url: where it goes
    :param method: how
    :param kwargs: the other arguments of keystoneauth's request
    """
    # To log in changes nothing, whatever its method is.
    kind = "GET" if kwargs.get("authenticated") is False else method
    try:
        answer = send(url, method, **kwargs)
    except exceptions.ConnectionError:
        source.passed(kind, answered=False)
        raise
    except exceptions.HttpError as error:
        source.passed(kind, answered=_says_something(error.http_status))
        raise
    status = outcome.of_answer(answer).status
    source.passed(kind, answered=_says_something(status))
    return answer


def _says_something(status: int | None) -> bool:
    # To who only wants to read, neither a fault nor a refusal for now does.
    return status is not None and status < 500 and status not in (408, 429)
