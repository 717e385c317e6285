# SPDX-License-Identifier: Apache-2.0
"""nova.conf and api-paste.ini of one API host."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from chaos import allocations
from chaos.databases import Databases
from embedded import paste

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
{options}
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
    :param lease: seconds that a running request holds its token
    :param wait_timeout: seconds that a retry waits for the first request
    :param options: more lines of group [idempotency]
    :param woven: whether api-paste.ini turns client tokens on
    """

    databases: Databases
    transport_url: str = "fake:/"
    exchange: str = "nova"
    placement: str = ""
    lease: int = LEASE
    wait_timeout: int = WAIT_TIMEOUT
    options: str = ""
    woven: bool = True

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
            lease=self.lease,
            wait_timeout=self.wait_timeout,
            purge_interval=_PURGE_INTERVAL,
            options=self.options,
            group_members=GROUP_MEMBERS,
            placement=self.placement,
            token=allocations.TOKEN,
            **urls,
        )
        (folder / "nova.conf").write_text(text)
        (folder / "api-paste.ini").write_text(_paste(self.woven))


def _paste(woven: bool) -> str:
    pipelines = paste.installed()
    if woven:
        paste.turn_on(pipelines)
    paste.change_pipelines(pipelines, _without_authentication)
    return paste.text(pipelines)


def _without_authentication(pipeline: str) -> str:
    # The simplest of them has none by itself.
    return pipeline.replace(_AUTHENTICATION, " keystonecontext")
