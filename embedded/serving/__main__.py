# SPDX-License-Identifier: Apache-2.0
"""Serve one WSGI application: `python -m embedded.serving MODULE PORT`."""

import importlib
import sys

import waitress

from embedded.ports import HOST
from embedded.serving import lifeline
from embedded.serving import writers

THREADS = 16


def main() -> None:
    """Serve the module's `application` until somebody ends us."""
    module, port = sys.argv[1:]
    # The services parse what they find here as options of their own.
    del sys.argv[1:]
    lifeline.hold()
    writers.begin_immediately()
    application = importlib.import_module(module).application
    waitress.serve(application, host=HOST, port=int(port), threads=THREADS)


if __name__ == "__main__":
    main()
