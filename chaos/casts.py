# SPDX-License-Identifier: Apache-2.0
"""How this process's Nova casts to the conductor."""

from __future__ import annotations

import functools

# Further tries, a second apart. Nova's own clients try for ever; with these
# a cast outlasts a short outage, and fails in a longer one, as it does where
# a proxy or an operator ends the wait.
_TRIES = 1


def to(topic: str) -> None:
    """Cast to one site's conductor; before Nova's application is loaded.

    :param topic: the conductor's
    """
    # Once Nova has chosen its threads.
    from nova import rpc
    from nova.conductor import rpcapi

    rpcapi.RPC_TOPIC = topic
    rpc.messaging.get_rpc_client = functools.partial(
        rpc.messaging.get_rpc_client, retry=_TRIES
    )
