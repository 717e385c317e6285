# SPDX-License-Identifier: Apache-2.0
"""A region of a test's own, with requests to it as the demo user."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
import typing as ty

import sqlalchemy as sa

from embedded import config
from embedded import database_server
from embedded import haproxy
from embedded import ports
from embedded.children import Children
from embedded.platform import Platform
from embedded.site import Site
from embedded.stack import Stack
from region import broker
from region import pooler
from region import proxy
from region import region
from region.host import Host
from region.host import Serving
from region.host import Tokens
from region.installation import Installation
from testing import cloud
from testing import databases


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a region is.

    :param hosts: what serves each API host, by name
    :param tokens: what is set on each host at first
    :param database: a server that `database_server` knows by name
    :param pooled: whether PgBouncer is before it
    :param patience: so many seconds HAProxy waits for a server's answer
    :param retries: whether HAProxy sends again
    :param waiting: the hosts that are neither started nor given clients
    :param options: of Nova, beside ours
    """

    hosts: ty.Mapping[str, Serving]
    tokens: ty.Mapping[str, Tokens] = dataclasses.field(default_factory=dict)
    database: str = "mysql"
    pooled: bool = False
    patience: int = 60
    retries: bool = False
    waiting: ty.Collection[str] = ()
    options: config.Sections = dataclasses.field(default_factory=dict)


def missing(plan: Plan) -> str | None:
    """Return why a region cannot be, None if it can.

    :param plan: how it is to be
    """
    return (
        databases.missing(plan.database)
        or broker.missing()
        or haproxy.missing()
        or (pooler.missing() if plan.pooled else None)
    )


class RegionCloud(cloud.Cloud):
    """A region that is up.

    :param plan: how it is
    :param installation: of a service (all that are no API host have one in
        common), or of an API host, by what it is called
    """

    stack: region.Region

    def __init__(
        self,
        plan: Plan,
        installation: ty.Callable[[str], Installation] = (
            lambda _: Installation.here()
        ),
    ) -> None:
        self.plan = plan
        self._installation = installation
        self._ended = contextlib.ExitStack()
        try:
            url = self._ended.enter_context(broker.virtual_host())
            super().__init__(nova=region.options(url, plan.options))
        except BaseException:
            self._ended.close()
            raise

    @property
    def hosts(self) -> dict[str, Host]:
        """Its API hosts."""
        return self.stack.hosts

    def _site(self, platform: Platform, state: Path) -> Site:
        names = [*ports.DEFAULTS, *self.plan.hosts, "pgbouncer"]
        numbers = dict(zip(names, ports.free(len(names)), strict=True))
        self._ports = numbers
        site = Site.on(
            platform, state, {name: numbers[name] for name in ports.DEFAULTS}
        )
        self._server = server = self._before_databases(state)
        return dataclasses.replace(
            site,
            databases={
                **site.databases,
                **{
                    name: database_server.url_of(server, site.on_server[name])
                    for name in region.ON_SERVER
                },
            },
            cells={},
        )

    def _before_databases(self, state: Path) -> sa.URL:
        server = database_server.named(self.plan.database)
        if not self.plan.pooled:
            return server
        children = Children()
        self._ended.callback(children.stop)
        port = self._ports["pgbouncer"]
        return pooler.before(server, state / "pgbouncer", port, children)

    def _up(self) -> Stack:
        plan, site = self.plan, self.site
        up = [name for name in plan.hosts if name not in plan.waiting]
        hosts = {
            name: Host(
                name, site, self._ports[name], self._installation(name), size
            )
            for name, size in plan.hosts.items()
        }
        before = proxy.Proxy(
            site.state / "haproxy",
            site.ports["nova"],
            {name: host.port for name, host in hosts.items()},
            up,
            plan.patience,
            retries=plan.retries,
        )
        self.region = region.Region(
            site,
            cloud.TEMPLATES,
            cloud.silently,
            hosts={
                hosts[name]: plan.tokens.get(name, Tokens()) for name in up
            },
            proxy=before,
            server=self._server,
            installation=self._installation("services"),
        )
        self.region.hosts = hosts
        self._ended.callback(self.region.drop)
        self._ended.callback(self.region.stop)
        return self.region.__enter__()

    def close(self) -> None:
        """Stop everything and forget it."""
        self._ended.close()
        self._directory.cleanup()
