# SPDX-License-Identifier: Apache-2.0
"""A filter of api-paste.ini that sends each POST twice, with one token."""

from __future__ import annotations

import os
from pathlib import Path
import typing as ty
import uuid

from oslo_serialization import jsonutils
import webob

from nova.idempotency import operations
from nova.idempotency import posts
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
    return lambda app: Repeat(app, Run.of_this_process().repeats)


class Repeat:
    """Gives a client the answer to the second of two equal POSTs.

    A POST that bears a token of its own, and all that is no POST, passes.

    :param app: the rest of the pipeline
    :param folder: gets a file of this process: what became of each POST
    """

    #: The id of the test that runs in this process now.
    test: ty.ClassVar[str] = ""

    def __init__(self, app: ty.Any, folder: Path) -> None:
        self._app = app
        self._folder = folder

    def __call__(self, environ: ty.Any, start_response: ty.Any) -> ty.Any:
        """Answer a request; see WSGI.

        :param environ: the request
        :param start_response: takes the answer's status and headers
        """
        if environ["REQUEST_METHOD"] != "POST" or token.borne(environ):
            return self._app(environ, start_response)
        request = webob.Request(environ)
        request.headers[headers.TOKEN] = uuid.uuid4().hex
        first = request.copy()
        answered = first.get_response(self._app)
        answer = _answer(answered)
        again = request.copy().get_response(self._app)
        self._write(
            Doubled.of(
                Repeat.test,
                f"POST {environ['PATH_INFO']}",
                _protection(first),
                answer,
                _answer(again),
            )
        )
        return again(environ, start_response)

    def _write(self, doubled_post: Doubled) -> None:
        path = self._folder / f"{os.getpid()}.jsonl"
        with open(path, "a") as file:
            file.write(doubled_post.line())


def _answer(response: webob.Response) -> Answer:
    headers = tuple((name.lower(), v) for name, v in response.headerlist)
    return Answer(response.status_int, headers, response.body)


def _protection(request: webob.Request) -> Protection:
    """Tell how the table of operations has what Nova was asked for."""
    if "routes.route" not in request.environ:
        return Protection.NOT_LINKED  # refused on the way
    try:
        body = jsonutils.loads(request.body)
        row = operations.find(*posts.asked(request, body))
    except (ValueError, TypeError, StopIteration):
        row = None  # no body that any operation has
    if row is None:
        return Protection.NOT_LINKED
    if row.left_out is not None:
        return Protection.NONE
    return Protection.LINKED if row.kind else Protection.NOT_LINKED
