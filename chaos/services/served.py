# SPDX-License-Identifier: Apache-2.0
"""The application of one host, as uWSGI loads it; its processes are forked."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
import typing as ty

import uwsgi  # type: ignore[import-untyped]

from chaos import databases
from chaos.history import History
from chaos.mutation import Mutation
from chaos.sabotage import Saboteur
from chaos.services import serving


def _load() -> Saboteur:
    folder = Path(os.environ[serving.FOLDER])
    served = serving.Served.read(folder)
    if served.mutation:
        Mutation(served.mutation).apply()
    module = importlib.import_module(served.application)
    uwsgi.post_fork_hook = lambda: _note(folder)
    return Saboteur(
        module.application,
        cut=lambda: databases.cut(served.url),
        history=History(Path(served.history)),
    )


def _note(folder: Path) -> None:
    """Say which process this is; whoever reads it finds a whole number."""
    file = serving.noted(folder, uwsgi.worker_id())
    new = file.with_suffix(".new")
    new.write_text(str(os.getpid()))
    new.replace(file)


application: ty.Final = _load()
