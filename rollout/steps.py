# SPDX-License-Identifier: Apache-2.0
"""The steps of the guide, each done as an operator does it, and checked."""

from __future__ import annotations

from concurrent import futures
import contextlib
import dataclasses
import functools
import subprocess
import time
import typing as ty
import uuid

import requests

from embedded import config
from region.cloud import RegionCloud
from region.host import Host
from region.host import Tokens
from region.region import Region
from region.region import SERVICES
from rollout import rotation
from rollout.clients import Clients
from rollout.cloud import FIRST
from rollout.cloud import Installations
from rollout.cloud import NEW
from rollout.cloud import SECOND
from rollout.wish import Wish

_EVERY: ty.Final = {"every_host": True}
# Seconds: a busy machine is asked for more servers than it can build.
_LONG = 1800


class Wrong(Exception):
    """Something is not as the guide says; the text says what."""


def expect(truth: object, what: str) -> None:
    """Go on only if something is true.

    :param truth: whether it is
    :param what: what is wrong otherwise
    :raises Wrong: it is not
    """
    if not truth:
        raise Wrong(what)


@dataclasses.dataclass(frozen=True)
class Step:
    """A step.

    :param title: what the guide calls it
    :param play: does it
    """

    title: str
    play: ty.Callable[[], None]


@dataclasses.dataclass(frozen=True)
class Keepsake:
    """A server that was asked for with a token, which is not forgotten.

    :param wish: the wish
    :param answer: the body of the first answer
    """

    wish: Wish
    answer: bytes


class Rollout:
    """All steps on one cloud.

    :param cloud: the cloud
    :param installed: what is installed on its hosts
    :param clients: its clients
    """

    def __init__(
        self,
        cloud: RegionCloud,
        installed: Installations,
        clients: Clients,
    ) -> None:
        self._cloud = cloud
        self._installed = installed
        self._clients = clients
        self._secrets: tuple[str, ...] = (cloud.site.secrets.idempotency,)
        self._kept: list[Keepsake] = []

    def steps(self) -> list[Step]:
        """Return them, in the order in which they have to be done."""
        return [
            Step(title, functools.partial(play, self)) for title, play in STEPS
        ]

    @property
    def _region(self) -> Region:
        return self._cloud.region

    @property
    def _hosts(self) -> list[Host]:
        return [self._cloud.hosts[name] for name in (FIRST, SECOND, NEW)]

    def _tokens(self, options: config.Section | None = None) -> Tokens:
        return Tokens(secrets=self._secrets, options=options or {})

    def sync(self) -> None:
        """Bring our modules to all hosts, and make the tables."""
        for host in self._hosts:
            host.installation.install(*self._installed.wheels())
        self._region.sync(self._cloud.hosts[FIRST])

    def switch_on_one(self) -> None:
        """Let one host of two keep tokens."""
        self._region.restart(self._cloud.hosts[FIRST], self._tokens())
        expect(self._promise(FIRST) is False, "one host says every_host")
        expect(self._promise(SECOND) is None, "the other has tokens, too")

    def switch_on_all(self) -> None:
        """Let the other one do so."""
        self._region.restart(self._cloud.hosts[SECOND], self._tokens())
        expect(self._promise(SECOND) is False, "one host says every_host")

    def add_a_host(self) -> None:
        """Start a third one, and only then let clients come to it."""
        host = self._cloud.hosts[NEW]
        self._region.start(host, self._tokens())
        expect(self._promise(NEW) is False, "the new host keeps no tokens")
        self._region.proxy.admit(NEW)

    def say_every_host(self) -> None:
        """Promise that a retry is safe."""
        self._restart_all(self._tokens(_EVERY))
        expect(all(map(self._promise, (FIRST, SECOND, NEW))), "not every_host")
        self._keep(self._cloud.hosts[FIRST])

    def rotate(self) -> None:
        """Bring a new secret, and find that the old one is still needed."""
        added = rotation.secret()
        old = self._secrets
        # Both, the old one first; then the new one first.
        for self._secrets in ((*old, added), (added, *old)):
            self._restart_all(self._tokens(_EVERY))
            self._replay("replayed")
        rotation.age(self._cloud.site.databases["nova_api"])
        self._replay("rebuilt")
        # That server's token still needs the old one.
        first = self._cloud.hosts[FIRST]
        first.set(Tokens(secrets=(added,), options=_EVERY))
        expect(not self._checked(first), "upgrade check misses a living token")
        first.set(self._tokens(_EVERY))

    def _checked(self, host: Host) -> bool:
        try:
            self._region.run(host, "nova-idempotency", "upgrade", "check")
        except subprocess.CalledProcessError as error:
            expect("Tokens that still live" in _flat(error.output),
                   error.output)  # fmt: skip
            return False
        return True

    def upgrade(self) -> None:
        """Bring the newest Nova, one host after the other."""
        region = self._region
        before = self._cloud.hosts[FIRST].installation.nova
        # What is older was rebuilt, and has no answer of its own any more.
        self._kept.clear()
        self._keep(self._cloud.hosts[FIRST])
        region.installation = self._installed.newest("services")
        region.migrate()
        for name in SERVICES:
            region.stop_service(name)
            region.start_service(name)
        self._let_services_build()
        for host in self._hosts:
            host.installation = self._installed.newest(host.name)
            expect(host.installation.nova != before, f"still Nova {before}")
            host.installation.install(*self._installed.wheels())
            region.sync(host)
            region.restart(host, self._tokens(_EVERY))
            # Of both releases, on hosts of both.
            self._keep(host)
            self._replay("replayed")

    def _let_services_build(self) -> None:
        """Wait until the new services build, whatever was waiting before.

        Nova 34's scheduler asks for a trait as soon as nova-compute is
        registered, which it has only once it reports: what is asked for
        between the two finds no host, with a token or without.
        """
        deadline = time.monotonic() + _LONG
        status = ""
        while status != "ACTIVE":
            in_time = time.monotonic() < deadline
            expect(in_time, "the new services do not build")
            self._keep(self._cloud.hosts[FIRST])
            server = self._kept[-1].wish.told[0]
            built = self._cloud.wait_until_built(server, seconds=_LONG)
            status = built["status"]

    def take_every_host_back(self) -> None:
        """Promise it no longer."""
        self._restart_all(self._tokens())
        expect(not any(map(self._promise, (FIRST, SECOND, NEW))), "a promise")

    def wait(self) -> None:
        """Wait until nobody sends what a promise from before allows."""
        self._clients.let_all_finish()

    def switch_off(self) -> None:
        """Let no host keep tokens."""
        self._restart_all(Tokens(on=False))
        found = [self._promise(host.name) for host in self._hosts]
        expect(found == [None] * 3, "a host has tokens on")

    def uninstall(self) -> None:
        """Drop the tables, and take our modules away."""
        # First, while the command is still there.
        self._region.run(
            self._cloud.hosts[FIRST], "nova-idempotency", "db", "drop", "--yes"
        )
        for host in self._hosts:
            host.installation.uninstall()
            expect(not host.installation.has_ours, "something of ours is left")
        expect(not rotation.tables(self._cloud.site.databases["nova_api"]),
               "tables of ours are left")  # fmt: skip
        self._restart_all(Tokens(on=False))

    def _restart_all(self, tokens: Tokens) -> None:
        """Restart all hosts: one serves while the others start."""
        first, *others = self._hosts
        with futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda h: self._region.restart(h, tokens), others))
        self._region.restart(first, tokens)

    def _promise(self, name: str) -> bool | None:
        """Return what a host's look-up says; None where it has none."""
        answer = requests.get(
            f"{self._cloud.hosts[name].url}/os-client-tokens",
            headers=self._cloud.headers(),
            timeout=300,
            proxies={"http": ""},
        )
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return bool(answer.json()["retry_safe"])

    def _keep(self, host: Host) -> None:
        """Ask a host for one more server."""
        name = f"keepsake-{uuid.uuid4()}"
        wish = Wish(name, name)
        answer = self._clients.ask(wish, host)
        expect(answer.status_code == 202, answer.text)
        self._kept.append(Keepsake(wish, answer.content))

    def _replay(self, state: str) -> None:
        """Ask each host for all that was asked for before."""
        for host in self._hosts:
            for keepsake in self._kept:
                answer = self._clients.ask(keepsake.wish, host, again=True)
                found = answer.headers.get("X-Client-Token-State")
                expect(found == state, f"{found} instead of {state}")
                same = answer.content == keepsake.answer
                expect(same or state == "rebuilt", "not the same answer")


#: What the guide calls each step, and what does it.
STEPS: ty.Final = (
    ("Install it, and sync the tables", Rollout.sync),
    ("Switch on one API host", Rollout.switch_on_one),
    ("Switch on the others", Rollout.switch_on_all),
    ("A new API host has tokens on before it gets traffic",
     Rollout.add_a_host),
    ("Say `every_host`", Rollout.say_every_host),
    ("Rotate the secret", Rollout.rotate),
    ("Upgrade Nova", Rollout.upgrade),
    ("Take `every_host` back", Rollout.take_every_host_back),
    ("Wait 300 seconds", Rollout.wait),
    ("Switch off", Rollout.switch_off),
    ("Uninstall, and drop the tables", Rollout.uninstall),
)  # fmt: skip


def _flat(text: str) -> str:
    return " ".join(text.replace("|", " ").split())


def play(
    steps: ty.Iterable[Step],
    clients: Clients,
    step: ty.Callable[[str], contextlib.AbstractContextManager[None]],
) -> list[str]:
    """Do all steps, with clients at each of them, and return what is wrong.

    :param steps: the steps
    :param clients: the clients, which run
    :param step: shows a step
    :raises Wrong: something is not as the guide says
    """
    for each in steps:
        with step(each.title):
            each.play()
            clients.let_all_finish()
    return clients.wrong()
