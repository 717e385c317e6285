# SPDX-License-Identifier: Apache-2.0
"""The folder in which stestr finds a service's tests, by their own names."""

from __future__ import annotations

import importlib
import os
import typing as ty
import unittest

from upstream import selection
from upstream.run import Run


def load_tests(
    loader: unittest.TestLoader, tests: ty.Any, pattern: ty.Any
) -> unittest.TestSuite:
    """Return the tests of the run that this process is a part of.

    :param loader: what is told of modules that cannot be imported
    :param tests: those of this folder, which has none
    :param pattern: the names of files that hold tests
    """
    run = Run.of_this_process()
    # Some tests leave files where they are loaded.
    os.chdir(run.folder)
    found = selection.load(run)
    run.select(found.ids)
    # Imports the service, which must come after the import of its tests.
    importlib.import_module(run.service.conditions).prepare(run)
    loader.errors.extend(found.errors)  # type: ignore[arg-type]
    return found.suite
