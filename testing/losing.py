# SPDX-License-Identifier: Apache-2.0
"""Answers that are lost on their way to a client of requests."""

from __future__ import annotations

import typing as ty

import requests
from requests import adapters


class Losing(adapters.HTTPAdapter):
    """Loses answers, after they have come.

    :param loses: tells whether the answer to a request is lost
    """

    def __init__(
        self, loses: ty.Callable[[requests.PreparedRequest], bool]
    ) -> None:
        super().__init__()
        self._loses = loses

    def send(
        self, request: requests.PreparedRequest, *rest: ty.Any, **more: ty.Any
    ) -> requests.Response:
        """Send a request, and maybe lose its answer.

        :param request: the request
        :raises ConnectionError: the answer is lost
        """
        answer = super().send(request, *rest, **more)
        if self._loses(request):
            answer.close()
            raise requests.ConnectionError("the answer was lost")
        return answer
