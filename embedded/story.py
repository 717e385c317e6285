# SPDX-License-Identifier: Apache-2.0
"""The story of the product, played with the real clients.

Each step says what was expected and what happened, in the same words: the
two texts differ where the product does. Where it does not, one short text
tells the reader what was seen.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
import hashlib
import shlex
import signal
import typing as ty

from keystoneauth1 import adapter

from embedded import cloud
from embedded import identity
from embedded import openrc
from embedded.command import Answer
from embedded.command import ClientCommand
from embedded.command import NovaCommand
from embedded.command import OpenStackCommand
from embedded.made import MADE
from embedded.made import Made
from embedded.ports import HOST
from embedded.relay import Relay
from embedded.services import NOVA
from embedded.services.service import Service
from embedded.site import Site

WEB = "web"
DB = "db"
CLIENT_SECONDS = 60

BOOT = ("--flavor", cloud.SMALL, "--image", cloud.IMAGE, "--nic", "none")
CREATE_WEB = ("--os-client-token", "server", "create", *BOOT, WEB)
BOOT_DB = ("--x-client-token", "boot", *BOOT, DB)
MAKE_KEY = ("--x-client-token", "token-of-mine", "keypair-add", "key")
MAKE_OTHER_KEY = (*MAKE_KEY[:-1], "other")

SERVERS = "/servers"

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
    :param typed: the command lines, if they are new ones
    """

    title: str
    play: ty.Callable[[], Outcome]
    typed: tuple[str, ...] = ()


class Story:
    """One telling, in a cloud where it was not told before."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._openstack = OpenStackCommand(site)
        self._nova = NovaCommand(site)
        session = identity.log_in(site, *openrc.DEMO)
        self._compute = adapter.Adapter(session, service_type=NOVA.kind)
        self._key = Answer(0, "", "")

    def steps(self) -> list[Step]:
        """Return the steps, to be played in this order."""
        return [
            *self._servers(self._openstack, CREATE_WEB, WEB),
            *self._servers(self._nova, BOOT_DB, DB),
            Step("look", self._list, (typed(self._nova, "list"),)),
            Step("a token of your own", self._make_key,
                 (typed(self._nova, *MAKE_KEY),)),
            Step("the same command again", self._make_key_again),
            Step("that token, another request", self._make_other_key,
                 (typed(self._nova, *MAKE_OTHER_KEY),)),
            *self._others(),
        ]  # fmt: skip

    def _servers(
        self, client: ClientCommand, arguments: ty.Sequence[str], name: str
    ) -> list[Step]:
        return [
            Step("killed before the answer",
                 lambda: self._killed(
                     client, arguments, NOVA, SERVERS, "server"),
                 (typed(client, *arguments),)),
            Step("the same command again",
                 lambda: self._boot_again(client, arguments, name)),
        ]  # fmt: skip

    def _others(self) -> list[Step]:
        some = _listed("or", [_one(made.noun) for made in MADE])
        each = _listed("and", [made.noun for made in MADE])
        return [
            Step("killed before the answer",
                 lambda: _together(
                     self._kill, f"nobody knows whether there is {some}"),
                 tuple(map(self._typed, MADE))),
            Step("the same commands again",
                 lambda: _together(
                     self._make_again,
                     f"the killed clients' {each}; no second one of any")),
        ]  # fmt: skip

    def _typed(self, made: Made) -> str:
        line = typed(self._openstack, *made.arguments)
        as_another = "" if made.who == openrc.DEMO else f"  # as {made.who[0]}"
        return line + as_another

    def _kill(self, made: Made) -> Outcome:
        return self._killed(
            OpenStackCommand(self._site, made.who),
            made.arguments,
            made.service,
            made.listed,
            made.noun,
        )

    def _killed(
        self,
        client: ClientCommand,
        arguments: ty.Sequence[str],
        service: Service,
        posted: str,
        noun: str,
    ) -> Outcome:
        api = f"{HOST}:{self._site.ports[service.name]}"
        with Relay(api, posted) as relay:
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
            f"nobody knows whether there is {_one(noun)}",
        )

    def _make_again(self, made: Made) -> Outcome:
        client = OpenStackCommand(self._site, made.who)
        again = client.run(*made.arguments)
        session = identity.log_in(self._site, *made.who)
        service = adapter.Adapter(session, service_type=made.service.kind)
        ids = made.ids(service)
        return Outcome(
            f"exit 0, said that {RESUMED}, id {', '.join(ids)}, "
            f"one {made.noun} {made.name}",
            f"{again.ending()}, {_said_that_it_resumed(again)}, "
            f"id {again.property('id')}, "
            f"{_count(len(ids))} {made.noun} {made.name}",
        )

    def _boot_again(
        self, client: ClientCommand, arguments: ty.Sequence[str], name: str
    ) -> Outcome:
        again = client.run(*arguments)
        ids = self._ids(name)
        password = again.property("adminPass")
        return Outcome(
            f"exit 0, said that {RESUMED}, id {', '.join(ids)}, "
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


def _together(play: ty.Callable[[Made], Outcome], seen: str) -> Outcome:
    """Play it for all that is made, at the same time."""
    with ThreadPoolExecutor(len(MADE)) as pool:
        outcomes = [*pool.map(play, MADE)]
    return Outcome(
        "; ".join(outcome.expected for outcome in outcomes),
        "; ".join(outcome.happened for outcome in outcomes),
        seen,
    )


def _said_that_it_resumed(answer: Answer) -> str:
    said = RESUMED in answer.errors
    return f"{'said' if said else 'did not say'} that {RESUMED}"


def _listed(conjunction: str, words: ty.Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def _one(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _count(number: int) -> str:
    return "one" if number == 1 else str(number)


def _kind(answer: Answer) -> str:
    return "a private key" if "PRIVATE KEY" in answer.output else "no key"


def _digest(answer: Answer) -> str:
    # Enough to compare by eye; the key itself is never shown.
    return hashlib.sha256(answer.output.encode()).hexdigest()[:16]
