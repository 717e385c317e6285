# SPDX-License-Identifier: Apache-2.0
"""A filter that sends each POST twice, with one token."""

from __future__ import annotations

import os
from pathlib import Path
import typing as ty
import uuid

import webob

from openstack_idempotency.protocol import headers
from openstack_idempotency.protocol import token
from upstream.doubled import Answer
from upstream.doubled import Doubled
from upstream.doubled import Protection
from upstream.run import Run


def factory(
    global_config: ty.Any, **local_config: ty.Any
) -> ty.Callable[[ty.Any], Repeat]:
    """Return what makes the filter; see Paste Deployment.

    :param global_config: section DEFAULT of the file
    :param local_config: the filter's own section
    """
    return before


def before(application: ty.Any) -> Repeat:
    """Return a filter before an application.

    :param application: the application
    """
    return Repeat(application, Run.of_this_process().repeats)


class Repeat:
    """Gives a client the answer to the second of two equal POSTs.

    A POST that bears a token of its own, and all that is no POST, passes.

    :param app: the rest of the pipeline
    :param folder: gets a file of this process: what became of each POST
    """

    #: The id of the test that runs in this process now.
    test: ty.ClassVar[str] = ""
    #: Tells how the service's table has a POST that was answered.
    protection: ty.ClassVar[ty.Callable[[webob.Request], Protection]]

    def __init__(self, app: ty.Any, folder: Path) -> None:
        self._app = app
        self._folder = folder

    def __call__(
        self, environ: ty.Any, start_response: ty.Any = None
    ) -> ty.Any:
        """Answer a request; see WSGI.

        :param environ: the request; or one of WebOb's, without what follows,
            as WebOb's own middleware takes them
        :param start_response: takes the answer's status and headers
        """
        if start_response is None:
            if not self._doubles(environ.environ):
                return self._app(environ)
            return self._twice(environ)
        if not self._doubles(environ):
            return self._app(environ, start_response)
        return self._twice(webob.Request(environ))(environ, start_response)

    def _doubles(self, environ: ty.Any) -> bool:
        return environ["REQUEST_METHOD"] == "POST" and not token.borne(environ)

    def _twice(self, request: webob.Request) -> webob.Response:
        """Send a request twice, and return the second answer."""
        request.headers[headers.TOKEN] = uuid.uuid4().hex
        first = request.copy()
        answered = first.get_response(self._app)
        answer = _answer(answered)
        again = request.copy().get_response(self._app)
        self._write(
            Doubled.of(
                Repeat.test,
                f"POST {request.path}",
                Repeat.protection(first),
                answer,
                _answer(again),
            )
        )
        return again

    def _write(self, doubled_post: Doubled) -> None:
        path = self._folder / f"{os.getpid()}.jsonl"
        with open(path, "a") as file:
            file.write(doubled_post.line())


def _answer(response: webob.Response) -> Answer:
    headers = tuple((name.lower(), v) for name, v in response.headerlist)
    return Answer(response.status_int, headers, response.body)
