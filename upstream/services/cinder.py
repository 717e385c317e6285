# SPDX-License-Identifier: Apache-2.0
"""Which of Cinder's tests are run: the rule.

Of ``cinder.tests.functional``, all, but of the samples of volumes, snapshots
and backups only those of a POST. The others want what was just made still to
be as it was made, while the scheduler and the volume service work on it.

Of ``cinder.tests.unit.api``, one in two of the tests in modules that send
POSTs to the application; the others call methods of controllers. Not
``v3.test_volumes``, of whose 186 tests one does. Two tests are left out that
want the application to raise what it does not expect: in each pipeline of
Cinder's, ``faultwrap`` stands before it, as it does behind our filter.
"""

from __future__ import annotations

from pathlib import Path
import re
import typing as ty

from embedded import paste
from upstream import selection
from upstream.service import excepted
from upstream.service import Pass
from upstream.service import Service
from upstream.service import Suite
from upstream.service import Tests

UNIT = "unit"
#: What the file is called that a pass loads the API by, in its folder.
PASTE = "api-paste.ini"

_API = "cinder.tests.unit.api"
_MODULES = frozenset((
    "contrib.test_admin_actions",
    "contrib.test_backups",
    "contrib.test_cgsnapshots",
    "contrib.test_consistencygroups",
    "contrib.test_scheduler_hints",
    "contrib.test_snapshot_actions",
    "contrib.test_snapshot_manage",
    "contrib.test_snapshot_unmanage",
    "contrib.test_volume_actions",
    "contrib.test_volume_image_metadata",
    "contrib.test_volume_manage",
    "contrib.test_volume_transfer",
    "contrib.test_volume_type_encryption",
    "contrib.test_volume_unmanage",
    "v3.test_snapshot_manage",
    "v3.test_volume_manage",
    "v3.test_volume_transfer",
    "v3.test_workers",
))  # fmt: skip
_FUNCTIONAL = "cinder.tests.functional"
_WORKED_ON = re.compile(
    r"api_sample_tests[.]test_(backups|snapshots|volumes)[.](?!.*_create)"
)
_SAMPLE = 2
_RAISING = frozenset(
    f"{_API}.contrib.test_admin_actions.AdminActionsAttachDetachTest."
    f"test_volume_force_detach_raises_{what}_error"
    for what in ("db", "remote")
)
_EXCEPTIONS = excepted(
    "The body is larger than max_request_body_size, which our filter heeds, "
    "too. In Cinder's pipelines sizelimit refuses such a body, with 413; the "
    "tests' application has none.",
    f"{_API}.contrib.test_volume_image_metadata.VolumeImageMetadataTest.",
    "test_create_image_metadata",
) | excepted(
    "It counts how often Cinder begins with what it answers with 500. The "
    "POST is linked and has made nothing, so that it is run again (protocol "
    "section 3).",
    f"{_FUNCTIONAL}.test_volumes.VolumesTest.",
    "test_manage_volume_default_type_set_none",
)
_PIPELINES = "composite:openstack_volume_api_v3"
_APPLICATION = " apiv3"


def _steady(tests: Tests) -> Tests:
    return [test for test in tests if not _WORKED_ON.search(test.id())]


def _answering(tests: Tests) -> Tests:
    answering = (test for test in tests if test.id() not in _RAISING)
    return selection.one_in(_SAMPLE, answering)


def _write(kind: Pass, folder: Path) -> dict[str, str]:
    pipelines = paste.installed("cinder")
    if kind is not Pass.STOCK:
        for option, told in pipelines.items(_PIPELINES):
            ours = f" idempotency faultwrap{_APPLICATION}"
            changed = told.replace(_APPLICATION, ours)
            pipelines.set(_PIPELINES, option, changed)
        paste.define_filter(pipelines, "cinder")
    (folder / PASTE).write_text(paste.text(pipelines))
    return {}


ROW: ty.Final = Service(
    "cinder",
    suites=(
        # For volumes to be made, mostly.
        Suite("functional", _FUNCTIONAL, bool, _steady, sharing=2),
        Suite(UNIT, _API, _MODULES.__contains__, _answering),
    ),
    exceptions=_EXCEPTIONS,
    write=_write,
)
