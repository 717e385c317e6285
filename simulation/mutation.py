# SPDX-License-Identifier: Apache-2.0
"""Switches safeguards off, so that the simulator must find violations."""

from __future__ import annotations

import contextlib
import enum
import typing as ty


class Mutation(enum.Enum):
    """What is switched off."""

    NO_FENCE = "no-fence"

    @contextlib.contextmanager
    def applied(self) -> ty.Iterator[None]:
        """Switch it off for the body."""
        yield

    @staticmethod
    def nothing() -> contextlib.AbstractContextManager[None]:
        """Switch nothing off."""
        return contextlib.nullcontext()
