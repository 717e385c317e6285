# SPDX-License-Identifier: Apache-2.0
"""Which of Neutron's tests are run: the rule.

Of ``neutron.tests.unit``, the modules that send requests to the API: those of
``extensions``, that of the plugin ML2, and that of metering. A test that
several classes inherit is run in one of them: one of ML2's, if there is one.
Of those, one in six.
"""

from __future__ import annotations

import typing as ty
import unittest

from upstream import selection
from upstream.service import excepted
from upstream.service import Service
from upstream.service import Suite
from upstream.service import Tests

_ML2 = "plugins.ml2.test_plugin"
_SAMPLE = 6
_MODULES = (_ML2, "db.metering.test_metering_db")


_EXCEPTIONS = excepted(
    "It counts how often Neutron runs a method before it answers with 500. "
    "The POST is linked and has made nothing, so that it is run again "
    "(protocol section 3), and the method as often again.",
    f"neutron.tests.unit.{_ML2}.TestMl2NetworksV2.",
    "test_create_network_segment_allocation_fails",
)


def _chosen(module: str) -> bool:
    return module.startswith("extensions.") or module in _MODULES


def _with_ml2(test: unittest.TestCase) -> tuple[float, ...]:
    return (float(_ML2 in test.id()),)


def _choose(tests: Tests) -> Tests:
    return selection.one_in(_SAMPLE, selection.once(tests, _with_ml2))


ROW: ty.Final = Service(
    "neutron",
    suites=(Suite("unit", "neutron.tests.unit", _chosen, _choose),),
    exceptions=_EXCEPTIONS,
)
