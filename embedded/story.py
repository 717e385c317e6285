# SPDX-License-Identifier: Apache-2.0
"""The story of the product, played with the real `nova` command.

Each step says what was expected and what happened, in the same words: the
two texts differ where the product does. Where it does not, one short text
tells the reader what was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
import secrets
import signal
import typing as ty

from keystoneauth1 import adapter

from embedded import cloud
from embedded import identity
from embedded import openrc
from embedded.command import Answer
from embedded.command import NovaCommand
from embedded.ports import HOST
from embedded.relay import Relay
from embedded.services import NOVA
from embedded.site import Site

STEADY = "steady"
ORPHAN = "orphan"
KEYPAIR = "demo"
CLIENT_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """What should have happened, and what did.

    :param expected: what should have happened
    :param happened: what did
    :param seen: what that means to a user, if both are the same
    """

    expected: str
    happened: str
    seen: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether they are the same."""
        return self.expected == self.happened


@dataclass(frozen=True)
class Step:
    """One step of the story."""

    title: str
    play: ty.Callable[[], Outcome]


class Story:
    """One telling: its tokens are its own, so it can be told again."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._nova = NovaCommand(site)
        self._compute = adapter.Adapter(
            identity.log_in(site, "demo", identity.DEMO_PROJECT),
            service_type=NOVA.kind,
        )
        telling = secrets.token_hex(4)
        self._token = f"boot-{telling}"
        self._orphan_token = f"orphan-{telling}"
        self._key_token = f"key-{telling}"
        self._booted = Answer(0, "", "")
        self._private_key = ""

    def steps(self) -> list[Step]:
        """Return the steps, to be played in this order."""
        return [
            Step("boot with a token", self._boot),
            Step("the same boot again", self._boot_again),
            Step("boot, client killed before the answer", self._boot_killed),
            Step("boot again with that token", self._boot_after_kill),
            Step("nova list", self._list),
            Step("keypair with a token", self._make_keypair),
            Step("the same keypair again", self._make_keypair_again),
            Step("the same token, another flavor", self._boot_other_flavor),
        ]

    def _boot(self) -> Outcome:
        self._booted = self._nova.run(*boot(self._token, STEADY))
        return Outcome(
            f"exit 0, one server {STEADY}",
            f"{self._booted.ending()}, {self._servers(STEADY)}",
            "a server",
        )

    def _boot_again(self) -> Outcome:
        again = self._nova.run(*boot(self._token, STEADY))
        return Outcome(
            f"exit 0, id {self._booted.property('id')}, the same adminPass, "
            f"one server {STEADY}",
            f"{again.ending()}, id {again.property('id')}, "
            f"{_likeness(again, self._booted)} adminPass, "
            f"{self._servers(STEADY)}",
            "same server, same adminPass",
        )

    def _boot_killed(self) -> Outcome:
        api = f"{HOST}:{self._site.ports[NOVA.name]}"
        with Relay(api) as relay:
            client = self._nova.start(
                boot(self._orphan_token, ORPHAN), relay.variables()
            )
            try:
                relay.wait_until_passed_on(CLIENT_SECONDS)
            finally:
                client.kill()
                output, _errors = client.communicate()
        return Outcome(
            f"client ended by signal {signal.SIGKILL:d}, printed 0 bytes",
            f"client ended by signal {-client.returncode}, "
            f"printed {len(output)} bytes",
            "nobody knows whether there is a server",
        )

    def _boot_after_kill(self) -> Outcome:
        again = self._nova.run(*boot(self._orphan_token, ORPHAN))
        ids = ", ".join(self._ids(ORPHAN))
        return Outcome(
            f"exit 0, id {ids}, one server {ORPHAN}",
            f"{again.ending()}, id {again.property('id')}, "
            f"{self._servers(ORPHAN)}",
            "the server of the killed client, and no second one",
        )

    def _list(self) -> Outcome:
        names = [row[1] for row in self._nova.run("list").rows()]
        return Outcome(
            f"one {STEADY}, one {ORPHAN}",
            f"{_count(names.count(STEADY))} {STEADY}, "
            f"{_count(names.count(ORPHAN))} {ORPHAN}",
            "two servers after four boots",
        )

    def _make_keypair(self) -> Outcome:
        made = self._nova.run(*keypair(self._key_token))
        self._private_key = made.output
        return Outcome(
            "exit 0, a private key",
            f"{made.ending()}, {_key(made)}",
            "a private key",
        )

    def _make_keypair_again(self) -> Outcome:
        again = self._nova.run(*keypair(self._key_token))
        return Outcome(
            f"exit 0, a private key, sha256 {_digest(self._private_key)}",
            f"{again.ending()}, {_key(again)}, "
            f"sha256 {_digest(again.output)}",
            "same private key",
        )

    def _boot_other_flavor(self) -> Outcome:
        other = self._nova.run(*boot(self._token, STEADY, cloud.LARGE))
        refused = other.status == 1 and "(HTTP 422)" in other.errors
        return Outcome(
            f"refused with HTTP 422, one server {STEADY}",
            f"{'refused with HTTP 422' if refused else other.ending()}, "
            f"{self._servers(STEADY)}",
            "refused with HTTP 422: it is another request",
        )

    def _ids(self, name: str) -> list[str]:
        answer = self._compute.get("/servers", params={"name": f"^{name}$"})
        return [server["id"] for server in answer.json()["servers"]]

    def _servers(self, name: str) -> str:
        return f"{_count(len(self._ids(name)))} server {name}"


def boot(token: str, name: str, flavor: str = cloud.SMALL) -> list[str]:
    """Return the arguments of `nova` that boot a server with a token."""
    return [
        "--x-client-token", token, "boot", "--flavor", flavor,
        "--image", cloud.IMAGE, "--nic", "none", name,
    ]


def keypair(token: str) -> list[str]:
    """Return the arguments of `nova` that generate a keypair with a token."""
    return [
        "--os-compute-api-version", openrc.COMPUTE_API_VERSION,
        "--x-client-token", token, "keypair-add", KEYPAIR,
    ]


def _count(number: int) -> str:
    return "one" if number == 1 else str(number)


def _likeness(answer: Answer, other: Answer) -> str:
    same = answer.property("adminPass") == other.property("adminPass")
    return "the same" if same else "another"


def _key(answer: Answer) -> str:
    return "a private key" if "PRIVATE KEY" in answer.output else "no key"


def _digest(text: str) -> str:
    # Enough to compare by eye; the key itself is never shown.
    return hashlib.sha256(text.encode()).hexdigest()[:16]
