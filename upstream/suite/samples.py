# SPDX-License-Identifier: Apache-2.0
"""Lets tests write the samples of the API that they compare answers with."""

from __future__ import annotations

import os
from pathlib import Path
import typing as ty

from upstream.run import Run


def write(run: Run, base: ty.Any) -> None:
    """Let each test write the samples that it reads.

    They are documents of upstream's repository, and not in its wheel. What
    the tests compare answers with are templates, which the wheel has; that
    the documents fit those, too, is nothing of ours.

    :param run: the run that this process is a part of
    :param base: the class that those tests inherit
    """
    verify = base._verify_response
    # Processes must not read each other's while they are written.
    folder = str(run.samples / str(os.getpid()))

    def sample(
        cls: ty.Any, name: str, api_version: str | None = None
    ) -> ty.Any:
        path = cls._get_sample_path(name, folder, api_version=api_version)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return path

    def written(
        self: ty.Any,
        name: str,
        subs: ty.Any,
        response: ty.Any,
        *rest: ty.Any,
        **named: ty.Any,
    ) -> ty.Any:
        self._write_sample(name, response.text)
        return verify(self, name, subs, response, *rest, **named)

    base._get_sample = classmethod(sample)
    base._verify_response = written
