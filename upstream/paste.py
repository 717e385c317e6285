# SPDX-License-Identifier: Apache-2.0
"""The api-paste.ini of each pass, made from upstream's."""

from __future__ import annotations

import configparser

from embedded import paste
from upstream.service import Pass

_FILTER = "repeat"
_REPEAT = "upstream.repeat:factory"


def change(pipelines: configparser.RawConfigParser, kind: Pass) -> None:
    """Make upstream's file what a pass loads Nova's API by.

    :param pipelines: upstream's file
    :param kind: the pass
    :raises configparser.NoSectionError: upstream's file has other names
    """
    if kind is not Pass.STOCK:
        paste.turn_on(pipelines)
    if kind is Pass.REPEATED:
        # Before all other filters.
        paste.change_pipelines(pipelines, lambda told: f"{_FILTER} {told}")
        pipelines.add_section(f"filter:{_FILTER}")
        pipelines.set(f"filter:{_FILTER}", "paste.filter_factory", _REPEAT)
