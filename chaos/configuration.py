# SPDX-License-Identifier: Apache-2.0
"""nova.conf and api-paste.ini of one API host."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from chaos import allocations
from chaos.databases import Databases
from embedded.services import nova

#: Seconds, as short as the options allow: a dead worker's token is free soon.
LEASE = 2
#: Seconds that a retry waits for the first request.
WAIT_TIMEOUT = 1
# Seconds: so that a request need not last long to meet a purge.
_PURGE_INTERVAL = 1
#: How many servers of one user a group may have.
GROUP_MEMBERS = 2

# Clients send the headers that keystone's middleware would set.
_AUTHENTICATION = " authtoken keystonecontext"

_NOVA_CONF = """\
[DEFAULT]
host = {host}
my_ip = 127.0.0.1
state_path = {folder}
log_file = {folder}/api.log
transport_url = {transport_url}
control_exchange = {exchange}

[api_database]
connection = {api}
max_retries = 3
retry_interval = 1

[database]
connection = {cell1}
max_retries = 3
retry_interval = 1

[oslo_concurrency]
lock_path = {folder}/locks

[oslo_messaging_notifications]
driver = noop

[placement]
auth_type = admin_token
endpoint = {placement}
token = {token}

[oslo_messaging_rabbit]
# What is left of a conductor goes soon.
rabbit_transient_queues_ttl = 60

[quota]
server_group_members = {group_members}

[idempotency]
secret = of tests only: 0123456789 0123456789
lease = {lease}
purge_interval = {purge_interval}
wait_timeout = {wait_timeout}
"""


@dataclasses.dataclass(frozen=True)
class Configuration:
    """What all hosts of a site share.

    :param databases: Nova's databases
    :param transport_url: the broker; what is cast to others goes there
    :param exchange: a name there, of an exchange and of the conductor's
        topic, that no other site uses
    :param placement: the URL of a real placement; without one, something
        stands in for it
    """

    databases: Databases
    transport_url: str = "fake:/"
    exchange: str = "nova"
    placement: str = ""

    def write(self, folder: Path, host: str) -> None:
        """Write the files of one host.

        :param folder: where to, and where the host keeps what it writes
        :param host: its name
        """
        urls = dataclasses.asdict(self.databases)
        text = _NOVA_CONF.format(
            host=host,
            folder=folder,
            transport_url=self.transport_url,
            exchange=self.exchange,
            lease=LEASE,
            wait_timeout=WAIT_TIMEOUT,
            purge_interval=_PURGE_INTERVAL,
            group_members=GROUP_MEMBERS,
            placement=self.placement,
            token=allocations.TOKEN,
            **urls,
        )
        (folder / "nova.conf").write_text(text)
        (folder / "api-paste.ini").write_text(_paste())


def _paste() -> str:
    text = nova.paste()
    if _AUTHENTICATION not in text:
        raise LookupError(f"upstream's api-paste.ini lacks{_AUTHENTICATION}")
    return text.replace(_AUTHENTICATION, " keystonecontext")
