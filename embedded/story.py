# SPDX-License-Identifier: Apache-2.0
"""The story of the product, played with the real clients.

Each step says what was expected and what happened, in the same words: the
two texts differ where the product does. Where it does not, one short text
tells the reader what was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
import shlex
import signal
import typing as ty

from keystoneauth1 import adapter

from embedded import cloud
from embedded import identity
from embedded.command import Answer
from embedded.command import ClientCommand
from embedded.command import NovaCommand
from embedded.command import OpenStackCommand
from embedded.ports import HOST
from embedded.relay import Relay
from embedded.services import NOVA
from embedded.site import Site

WEB = "web"
DB = "db"
CLIENT_SECONDS = 60

BOOT = ("--flavor", cloud.SMALL, "--image", cloud.IMAGE, "--nic", "none")
CREATE_WEB = ("--os-client-token", "server", "create", *BOOT, WEB)
BOOT_DB = ("--x-client-token", "boot", *BOOT, DB)
MAKE_KEY = ("--x-client-token", "token-of-mine", "keypair-add", "key")
MAKE_OTHER_KEY = (*MAKE_KEY[:-1], "other")

# Where Nova's source is patched there is no look-up, without which a client
# sends nothing again that it remembers: there the token is the user's.
VALUE = "=token-of-{}"

# What the client says when it goes on with what it remembers.
RESUMED = "this command was run before"


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
    """One step of the story.

    :param title: what is done
    :param play: does it
    :param typed: the command line, if it is a new one
    """

    title: str
    play: ty.Callable[[], Outcome]
    typed: str = ""


class Story:
    """One telling, in a cloud where it was not told before."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._promised = site.source is None
        self._openstack = OpenStackCommand(site)
        self._nova = NovaCommand(site)
        self._compute = adapter.Adapter(
            identity.log_in(site, "demo", identity.DEMO_PROJECT),
            service_type=NOVA.kind,
        )
        self._key = Answer(0, "", "")

    def steps(self) -> list[Step]:
        """Return the steps, to be played in this order."""
        return [
            *self._killed_and_run_again(self._openstack, CREATE_WEB),
            *self._killed_and_run_again(self._nova, BOOT_DB),
            Step("look", self._list, typed(self._nova, "list")),
            Step("a token of your own", self._make_key,
                 typed(self._nova, *MAKE_KEY)),
            Step("the same command again", self._make_key_again),
            Step("that token, another request", self._make_other_key,
                 typed(self._nova, *MAKE_OTHER_KEY)),
        ]  # fmt: skip

    def _killed_and_run_again(
        self, client: ClientCommand, command: ty.Sequence[str]
    ) -> list[Step]:
        option, *rest, name = command
        if not self._promised:
            option += VALUE.format(name)
        arguments = (option, *rest, name)
        return [
            Step("killed before the answer",
                 lambda: self._killed(client, arguments),
                 typed(client, *arguments)),
            Step("the same command again",
                 lambda: self._run_again(client, arguments, name)),
        ]  # fmt: skip

    def _killed(
        self, client: ClientCommand, arguments: ty.Sequence[str]
    ) -> Outcome:
        api = f"{HOST}:{self._site.ports[NOVA.name]}"
        with Relay(api) as relay:
            process = client.start(arguments, relay.variables())
            try:
                relay.wait_until_passed_on(CLIENT_SECONDS)
            finally:
                process.kill()
                output, _errors = process.communicate()
        return Outcome(
            f"client ended by signal {signal.SIGKILL:d}, printed 0 bytes",
            f"client ended by signal {-process.returncode}, "
            f"printed {len(output)} bytes",
            "nobody knows whether there is a server",
        )

    def _run_again(
        self, client: ClientCommand, arguments: ty.Sequence[str], name: str
    ) -> Outcome:
        again = client.run(*arguments)
        ids = self._ids(name)
        password = again.property("adminPass")
        said = "said" if self._promised else "did not say"
        return Outcome(
            f"exit 0, {said} that {RESUMED}, id {', '.join(ids)}, "
            f"a password, one server {name}",
            f"{again.ending()}, {_said_that_it_resumed(again)}, "
            f"id {again.property('id')}, "
            f"{'no' if password.startswith('no ') else 'a'} password, "
            f"{_count(len(ids))} server {name}",
            "the killed client's server and password; no second server",
        )

    def _list(self) -> Outcome:
        names = [row[1] for row in self._nova.run("list").rows()]
        return Outcome(
            f"one {WEB}, one {DB}",
            f"{_count(names.count(WEB))} {WEB}, "
            f"{_count(names.count(DB))} {DB}",
            "two servers after four boots",
        )

    def _make_key(self) -> Outcome:
        self._key = self._nova.run(*MAKE_KEY)
        return Outcome(
            "exit 0, a private key",
            f"{self._key.ending()}, {_kind(self._key)}",
            "a keypair, with its private key",
        )

    def _make_key_again(self) -> Outcome:
        again = self._nova.run(*MAKE_KEY)
        return Outcome(
            f"exit 0, a private key, sha256 {_digest(self._key)}",
            f"{again.ending()}, {_kind(again)}, sha256 {_digest(again)}",
            "the same private key",
        )

    def _make_other_key(self) -> Outcome:
        other = self._nova.run(*MAKE_OTHER_KEY)
        refused = other.status == 1 and "(HTTP 422)" in other.errors
        found = self._compute.get("/os-keypairs").json()["keypairs"]
        return Outcome(
            "refused with HTTP 422, one keypair",
            f"{'refused with HTTP 422' if refused else other.ending()}, "
            f"{_count(len(found))} keypair",
            "refused with HTTP 422; nothing was made",
        )

    def _ids(self, name: str) -> list[str]:
        answer = self._compute.get("/servers", params={"name": f"^{name}$"})
        return [server["id"] for server in answer.json()["servers"]]


def typed(client: ClientCommand, *arguments: str) -> str:
    """Return a command line as a user types it."""
    return shlex.join((client.program, *arguments))


def _said_that_it_resumed(answer: Answer) -> str:
    said = RESUMED in answer.errors
    return f"{'said' if said else 'did not say'} that {RESUMED}"


def _count(number: int) -> str:
    return "one" if number == 1 else str(number)


def _kind(answer: Answer) -> str:
    return "a private key" if "PRIVATE KEY" in answer.output else "no key"


def _digest(answer: Answer) -> str:
    # Enough to compare by eye; the key itself is never shown.
    return hashlib.sha256(answer.output.encode()).hexdigest()[:16]
