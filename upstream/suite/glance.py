# SPDX-License-Identifier: Apache-2.0
"""Turns client tokens on in Glance's tests."""

from __future__ import annotations

from pathlib import Path
import re
import typing as ty

from glance.common import config

from openstack_idempotency.services.glance import ADAPTER
from upstream.run import Run
from upstream.service import Pass
from upstream.suite import filtered

# Tests write a paste file of their own, with several pipelines.
_CONTEXT = re.compile(r"^(pipeline = (?:.* )?context) ", re.MULTILINE)
_FILTER = """
[filter:idempotency]
use = egg:openstack-idempotency#idempotency
service = glance
"""


def prepare(run: Run) -> None:
    """Change this process so that Glance is loaded as a pass wants it.

    :param run: the run that this process is a part of
    """
    if run.kind is Pass.STOCK:
        return
    filtered.prepare(run, ADAPTER)
    load = config.load_paste_app

    def loaded(
        app_name: str, flavor: ty.Any = None, conf_file: ty.Any = None
    ) -> ty.Any:
        _turn_on(Path(conf_file))
        filtered.make_tables(ADAPTER)
        application = load(app_name, flavor, conf_file)
        return filtered.outermost(run, application)

    config.load_paste_app = loaded


def _turn_on(paste: Path) -> None:
    text = paste.read_text()
    if _FILTER not in text:
        text = _CONTEXT.sub(r"\1 idempotency ", text) + _FILTER
        paste.write_text(text)
