# SPDX-License-Identifier: Apache-2.0
"""Which of Nova's tests are run: the rule.

Of ``nova.tests.unit.api.openstack.compute``, all.

Of ``nova.tests.functional``, so much that one pass takes less than 40 minutes
on two cores:

- the packages ``api_sample_tests`` and ``regressions``, and the modules
  ``test_servers`` and ``test_server_...``: most POSTs are about servers;
- a test that several classes inherit is run in one of them: that of the
  newest microversion, and of several such that whose name comes first;
- a test with several scenarios is run in the last one: they are ways to write
  the same path, and the last is today's, ``/v2.1`` without a project.
"""

from __future__ import annotations

from pathlib import Path
import re
import typing as ty
import unittest

from embedded import paste
from upstream import selection
from upstream.paste import change
from upstream.service import excepted
from upstream.service import Pass
from upstream.service import Service
from upstream.service import Suite
from upstream.service import Tests

_PACKAGES = ("api_sample_tests", "regressions")
_MODULE = re.compile("test_servers$|test_server_")
_LATEST = "latest"

UNIT = "unit"
FUNCTIONAL = "functional"

#: What its tests take from the environment.
SETTINGS: ty.Final = {
    # Nova's API is served by threads; see nova.monkey_patch.
    "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true",
    # As upstream's tox.ini has it, but longer: a pass sends all twice.
    "OS_TEST_TIMEOUT": "320",
    "OS_STDOUT_CAPTURE": "1",
    "OS_STDERR_CAPTURE": "1",
}
_EXCEPTIONS = excepted(
    "Nova refuses the shelving with 400 when it has already saved the "
    "server's task_state, and leaves that as it is. What was refused is "
    "run again (protocol section 3), and then Nova refuses it with 409, "
    "because of that task_state: the answer that any second POST gets.",
    "nova.tests.functional.test_servers.AcceleratorServerOpsTest.",
    "test_shelve_with_compute_rpc_pin_5_0",
)


def chosen(module: str) -> bool:
    """Tell whether a functional module is in a package of the rule, or named.

    :param module: its name, below the package of the functional tests
    """
    first = module.partition(".")[0]
    return first in _PACKAGES or bool(_MODULE.match(first))


def choose(tests: Tests) -> Tests:
    """Return the functional tests that are run, each in one scenario.

    :param tests: those of the chosen modules
    """
    found = selection.once(tests, _microversion)
    for test in found:
        _in_one_scenario(test)
    return found


def _in_one_scenario(test: ty.Any) -> None:
    # testscenarios reads the attribute when the test is run.
    if getattr(test, "scenarios", None):
        test.scenarios = test.scenarios[-1:]


def _microversion(test: unittest.TestCase) -> tuple[float, ...]:
    """Return a test's microversion, to be compared with another's."""
    version = getattr(test, "microversion", None)
    if version == _LATEST:
        return (float("inf"),)
    return tuple(map(float, version.split("."))) if version else ()


def _write(kind: Pass, folder: Path) -> dict[str, str]:
    pipelines = paste.installed()
    change(pipelines, kind)
    path = folder / "api-paste.ini"
    path.write_text(paste.text(pipelines))
    # Before its configuration Nova takes values from the environment.
    return {"OS_WSGI__API_PASTE_CONFIG": str(path)}


ROW: ty.Final = Service(
    "nova",
    suites=(
        Suite(
            UNIT,
            "nova.tests.unit.api.openstack.compute",
            chosen=bool,  # all of them
            passes=(Pass.STOCK, Pass.OURS),
        ),
        Suite(FUNCTIONAL, "nova.tests.functional", chosen, choose),
    ),
    exceptions=_EXCEPTIONS,
    settings=SETTINGS,
    write=_write,
)
