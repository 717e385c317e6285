# SPDX-License-Identifier: Apache-2.0
"""What the engine asks of the cipher that keeps answers secret."""

from __future__ import annotations

import typing as ty


class Sealer(ty.Protocol):
    """Keeps answers from everybody but the client that has the token."""

    def seal(self, token: str, context: bytes, data: bytes) -> bytes:
        """Return the data sealed.

        :param context: names the token's row, its target and its state
        """

    def open(self, token: str, context: bytes, sealed: bytes) -> bytes | None:
        """Return the data, None if no known secret opens it.

        :param context: what it was sealed with: another one does not open it
        """
