# SPDX-License-Identifier: Apache-2.0
"""What is remembered of a command that was not answered to its end."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import socket
import typing as ty

from openstack_idempotency_client.outcome import Outcome

_Made = ty.TypeVar("_Made")

_BOOT = pathlib.Path("/proc/sys/kernel/random/boot_id")


class JournalError(Exception):
    """What is to be remembered cannot be; the message says what to do."""


@dataclasses.dataclass
class Post:
    """One POST of the command.

    :param target: a keyed digest of where it goes
    :param attempts: how often it was about to be sent
    :param answers: how often a service that keeps tokens answered
    :param said: what came of the last try, in words
    :param settled: whether the user has its answer
    """

    target: str
    attempts: int = 0
    answers: int = 0
    said: str = "no answer"
    settled: bool = False

    def sending(self) -> None:
        """Note that it is about to leave; without an answer, this stays."""
        self.attempts += 1
        self.said = "no answer"

    def heard(self, outcome: Outcome) -> None:
        """Note what came of the try.

        :param outcome: of that try
        """
        earlier_unanswered = self.attempts - 1 > self.answers
        if not outcome.may_have_run:
            # Nothing left this machine: as if it had not been tried.
            self.attempts -= 1
        self.answers += outcome.answered
        self.said = str(outcome)
        self.settled = outcome.settles(earlier_unanswered=earlier_unanswered)


@dataclasses.dataclass
class Entry:
    """One command, and its POSTs.

    :param id: a short name, for the user
    :param program: which one it was typed to
    :param words: the command's words without values
    :param scope: a keyed digest of cloud, user and project
    :param command: a keyed digest of the command, and the files it names
    :param vault: where its tokens are kept
    :param host: where it ran
    :param boot: which start of that machine it was
    :param created: when, in seconds since the epoch, by the server's clock
    """

    id: str
    program: str
    words: str
    scope: str
    command: str
    vault: str
    host: str
    boot: str
    created: float
    posts: list[Post] = dataclasses.field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Tell whether the user has each answer of what was sent."""
        return all(post.settled or not post.attempts for post in self.posts)

    @property
    def here(self) -> bool:
        """Tell whether it ran on this machine."""
        return self.host == host()

    def secret(self, number: int) -> str:
        """Return the name under which the vault keeps a POST's token.

        :param number: which POST, from 0
        """
        return secret(self.id, number)

    @property
    def private_key(self) -> str:
        """Return the name under which a keyring keeps its private key."""
        return private_key(self.id)

    def dumps(self) -> str:
        """Return it as text for a file."""
        return json.dumps(dataclasses.asdict(self), indent=1) + "\n"

    @classmethod
    def loads(cls, text: str) -> ty.Self:
        """Return what :meth:`dumps` wrote.

        :param text: from the file
        :raises ValueError: when it is not that
        """
        try:
            values = json.loads(text)
            posts = [_made(Post, post) for post in values.pop("posts")]
            return _made(cls, values | {"posts": posts})
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"not an entry: {error}") from None


def secret(name: str, number: int) -> str:
    """Return the name under which a vault keeps a POST's token.

    :param name: the entry's id
    :param number: which POST, from 0
    """
    return f"{name}.{number}"


def private_key(name: str) -> str:
    """Return the name under which a keyring keeps a private key.

    :param name: the entry's id
    """
    return f"{name}.key"


def _made(kind: type[_Made], values: dict[str, ty.Any]) -> _Made:
    """Return an object, if its fields have the types that it declares."""
    made = kind(**values)
    for name, hint in ty.get_type_hints(kind).items():
        if not isinstance(getattr(made, name), ty.get_origin(hint) or hint):
            raise TypeError(f"{name} is no {hint}")
    return made


def host() -> str:
    """Return the name of this machine."""
    return socket.gethostname()


def boot() -> str:
    """Return which start of this machine it is, where it can tell."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""
