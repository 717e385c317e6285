# SPDX-License-Identifier: Apache-2.0
"""One target of a run: what has to be, what was found, and the verdict."""

from __future__ import annotations

import dataclasses

from benchmarks.ratio import Mark
from benchmarks.ratio import Verdict


@dataclasses.dataclass(frozen=True)
class Target:
    """One target.

    :param name: what was measured, and which figure of it
    :param found: the figure, as the table shows it
    :param mark: what it has to be
    :param verdict: whether it is
    """

    name: str
    found: str
    mark: Mark
    verdict: Verdict
