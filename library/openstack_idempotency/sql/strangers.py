# SPDX-License-Identifier: Apache-2.0
"""Finds hosts whose secrets differ: protocol section 4."""

from __future__ import annotations

from oslo_log import log as logging

from openstack_idempotency.sql.watching import Watching

LOG = logging.getLogger(__name__)


class Strangers:
    """Logs that rows were written with another secret.

    :param tokens: the table of tokens
    """

    def __init__(self, tokens: Watching) -> None:
        self._tokens = tokens
        self._foreign: dict[str, int] = {}

    def look(self) -> None:
        """Look once.

        :raises errors.Unavailable: the table cannot be reached
        """
        for stranger in self._tokens.strangers():
            LOG.error(
                "Host %(host)s keys client tokens with secret %(theirs)s, "
                "which is not among the secrets of this host (%(ours)s). A "
                "retry that reaches a different host from its first request "
                "runs again. Give all API hosts the same secrets, in "
                "[idempotency] secret.",
                {
                    "host": stranger.host,
                    "theirs": stranger.key_id,
                    "ours": ", ".join(self._tokens.key_ids),
                },
            )
        foreign = self._tokens.foreign()
        if foreign != self._foreign:
            self._foreign = foreign
            for key_id, number in foreign.items():
                LOG.error(
                    "%(number)d unexpired client tokens are keyed with "
                    "secret %(theirs)s, which [idempotency] secret does not "
                    "list (it lists %(ours)s): their retries run again. List "
                    "that secret until they have expired.",
                    {
                        "number": number,
                        "theirs": key_id,
                        "ours": ", ".join(self._tokens.key_ids),
                    },
                )
