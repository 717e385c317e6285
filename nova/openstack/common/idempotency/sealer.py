# SPDX-License-Identifier: Apache-2.0
"""What the engine asks of the cipher that keeps answers secret."""

from __future__ import annotations

import typing as ty


class Sealer(ty.Protocol):
    """Keeps answers from everybody but the client that has the token."""

    def seal(self, token: str, row: bytes, data: bytes) -> bytes:
        """Return the data sealed for the token's row."""

    def open(self, token: str, row: bytes, sealed: bytes) -> bytes | None:
        """Return the data, None if no known secret opens it."""
