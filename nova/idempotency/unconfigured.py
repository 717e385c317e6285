# SPDX-License-Identifier: Apache-2.0
"""What stands in for the service where it is not configured.

Where methods are decorated in the source, Nova's own router loads the API even
if the options of client tokens are missing. A request with a token must not
run then: it could not be told from its retry.
"""

from __future__ import annotations

import typing as ty

from oslo_log import log as logging

from nova.idempotency import response
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import headers
from openstack_idempotency.protocol import token

LOG = logging.getLogger(__name__)


class Unconfigured:
    """Refuses all requests with a token.

    :param why: what is wrong with the options, and what to do
    """

    headers: ty.Collection[str] = headers.TOKENS

    def __init__(self, why: str) -> None:
        self._why = why

    def perform(
        self,
        method: ty.Callable[..., ty.Any],  # noqa: ARG002 - the port's
        arguments: dict[str, ty.Any],
        call: ty.Callable[[], ty.Any],
    ) -> ty.Any:
        """Refuse a request that bears a client token; nothing runs.

        :param method: the controller's method
        :param arguments: the arguments of the call by their names
        :param call: runs the method with them
        """
        req = arguments["req"]
        client_token = None
        try:
            client_token = token.given(req.environ, self.headers)
            if client_token is None:
                return call()
        except errors.Refusal as refusal:
            return response.refused(refusal, None, req)
        LOG.error("Client tokens are refused: %s", self._why)
        return response.refused(errors.Unavailable(), client_token, req)
