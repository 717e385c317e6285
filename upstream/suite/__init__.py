# SPDX-License-Identifier: Apache-2.0
"""The folder in which stestr finds Nova's tests, under Nova's own names."""

from __future__ import annotations

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
    chosen, errors = selection.load(run)
    run.select(test.id() for test in chosen)
    # Imports Nova, which must come after the import of its tests.
    from upstream.suite import conditions

    conditions.prepare(run)
    loader.errors.extend(errors)  # type: ignore[arg-type]
    return unittest.TestSuite(chosen)
