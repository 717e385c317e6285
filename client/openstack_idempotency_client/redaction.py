# SPDX-License-Identifier: Apache-2.0
"""A log that shows requests and answers, but not their client token."""

from __future__ import annotations

import logging
import re
import typing as ty

from openstack_idempotency_client.token import ClientToken


class RedactedLogger(logging.LoggerAdapter[logging.Logger]):
    """Writes to a logger, with the token's header value hidden.

    keystoneauth has a fixed list of the headers it hides, but takes the
    logger of each request as an argument, and that is where this one goes.

    :param logger: where to write
    :param header: the header's name
    :param token: its value; none hides nothing
    """

    def __init__(
        self, logger: logging.Logger, header: str, token: ClientToken | None
    ) -> None:
        super().__init__(logger)
        # The value alone may be one letter, which is in every message. The
        # name may come back from a proxy in any case.
        self._secret = None
        if token is not None:
            self._secret = re.compile(
                f"({re.escape(header)}: )(?-i:{re.escape(token.value)})",
                re.IGNORECASE,
            )

    def process(
        self, msg: ty.Any, kwargs: ty.MutableMapping[str, ty.Any]
    ) -> tuple[ty.Any, ty.MutableMapping[str, ty.Any]]:
        """Hide the token in a message that is about to be logged."""
        if self._secret is None:
            return msg, kwargs
        return self._secret.sub(r"\1***", str(msg)), kwargs
