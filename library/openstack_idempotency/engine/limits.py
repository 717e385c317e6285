# SPDX-License-Identifier: Apache-2.0
"""The operator's settings that the protocol refers to."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Limits:
    """The operator's settings (protocol sections 3, 4 and 6).

    :param token_ttl: seconds that a token lives from its first answer
    :param wait_timeout: seconds that a retry waits for the first request
    :param max_response_size: the largest body that is stored, in bytes
    :param max_waiting: how many retries may wait at a time in one process
    :param max_tokens: about how many young tokens one user may have in one
        project; 0 for no limit
    """

    token_ttl: int
    wait_timeout: float
    max_response_size: int
    max_waiting: int = 1
    max_tokens: int = 0
