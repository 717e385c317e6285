# SPDX-License-Identifier: Apache-2.0
"""Which of Placement's tests are run: the rule.

All of its gabbi tests, which are all that send it requests. Those of one file
tell a story together, so one process runs them.
"""

from __future__ import annotations

import typing as ty

from upstream.service import excepted
from upstream.service import Service
from upstream.service import Suite

_MODULE = "test_api"
_EXCEPTIONS = excepted(
    "A Content-Length that is no number: whoever reads such a body before "
    "Placement takes it for an empty one, so that Placement refuses that, "
    "with 400, too. No WSGI server passes such a request on.",
    f"placement.tests.functional.{_MODULE}.",
    "basic-http_bad_content_length_not_int.test_request",
)

ROW: ty.Final = Service(
    "placement",
    suites=(
        Suite(
            "functional",
            "placement.tests.functional",
            chosen=lambda module: module == _MODULE,
            group=rf"placement\.tests\.functional\.{_MODULE}\.([^_]+)",
        ),
    ),
    exceptions=_EXCEPTIONS,
)
