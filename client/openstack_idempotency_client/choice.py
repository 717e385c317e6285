# SPDX-License-Identifier: Apache-2.0
"""What the user chose: a token, one to be made, or none."""

from __future__ import annotations

import argparse
import dataclasses
import typing as ty

from openstack_idempotency_client import retry
from openstack_idempotency_client.program import Program
from openstack_idempotency_client.token import ClientToken
from openstack_idempotency_client.token import ClientTokenError

VARIABLE = "OS_CLIENT_TOKEN"
ATTEMPTS = "--client-token-attempts"
SECONDS = "--client-token-seconds"
# Stands for the value of an option that has none: no word can hold it.
BARE = "\0"
# A shorter beginning of the option may be another option's.
_SHORTEST = 10

HELP = (
    "Name this command's request with a client token, so that the same "
    "command with the same token gets the first answer again instead of "
    "running twice. Without a value, a token is made and remembered until the "
    "answer has arrived: if none does, run the same command again. A token of "
    "your own has 1 to 255 visible ASCII characters and no comma; use a new "
    "one for each new request. Works for commands that POST to the compute "
    "API (openstack: also to the image, network, block storage, identity and "
    "placement APIs), where these keep client tokens, "
    "until the cloud forgets the token (usually after a day). Other local "
    "users can see a token on the command line in the list of processes; "
    f"env[{VARIABLE}] avoids that."
)
ATTEMPTS_HELP = (
    "The most times a request with a client token is sent, if no answer came "
    f"and sending it again is safe (default: {retry.Policy.attempts})."
)
SECONDS_HELP = (
    "For at most how many seconds it is sent again (default: "
    f"{retry.Policy.seconds:.0f})."
)

_EMPTY = (
    f"{VARIABLE} is set, but empty, so nothing was sent. Give it a token, for "
    "example a UUID, so that this command can be repeated safely; or unset it "
    "to send the command without a token."
)


class ChoiceError(ValueError):
    """What the user wrote is no choice; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """A token, or that one is to be made for each request.

    :param token: the user's; none: one is made
    :param policy: how far to go with retries
    """

    token: ClientToken | None
    policy: retry.Policy


def add_options(
    parser: argparse.ArgumentParser, program: Program
) -> None:
    """Give a parser our options.

    :param parser: the program's, of global options
    :param program: which one
    """
    parser.add_argument(
        program.option, metavar="<token>", dest="client_token", help=HELP,
        nargs="?", const=BARE,
    )  # fmt: skip
    parser.add_argument(
        ATTEMPTS, metavar="<number>", type=int, help=ATTEMPTS_HELP,
        default=retry.Policy.attempts,
    )  # fmt: skip
    parser.add_argument(
        SECONDS, metavar="<seconds>", type=float, help=SECONDS_HELP,
        default=retry.Policy.seconds,
    )  # fmt: skip


def joined(
    words: ty.Sequence[str],
    option: str,
    is_value: ty.Callable[[str], bool],
) -> list[str]:
    """Return a command line in which the option always has a joined value.

    :param words: as typed
    :param option: the option for a token
    :param is_value: tells whether the next word is its value
    """
    result: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*result, word, *rest]
        if _is(word, option):
            value = rest and not rest[0].startswith("-") and is_value(rest[0])
            word = f"{word}={rest.pop(0) if value else BARE}"
        result.append(word)
    return result


def names(word: str, option: str) -> bool:
    """Tell whether a word is the option, with a value or without.

    :param word: as typed
    :param option: the option for a token
    """
    return _is(word.partition("=")[0], option)


def has_value(words: ty.Sequence[str], option: str) -> bool:
    """Tell whether the option has a value.

    :param words: as :func:`joined` returns them
    :param option: the option for a token
    """
    return any(
        names(word, option) and not word.endswith(f"={BARE}")
        for word in words
    )


def choose(
    typed: argparse.Namespace, program: Program, variable: str | None
) -> Choice | None:
    """Return what the user chose; none: to send no token.

    :param typed: what the parser found
    :param program: which one
    :param variable: the variable's value
    :raises ChoiceError: when it cannot be meant
    """
    for name, value in (
        (ATTEMPTS, typed.client_token_attempts),
        (SECONDS, typed.client_token_seconds),
    ):
        # NaN is neither less nor more.
        if not value >= 1:
            raise ChoiceError(f"{name} must be 1 or more")
    policy = retry.Policy(
        typed.client_token_attempts, typed.client_token_seconds
    )
    text, source = typed.client_token, program.option
    if text is None:
        text, source = variable, VARIABLE
        if text is None:
            return None
        if not text:
            # Unlike the clients' own variables: whoever sets this one wants
            # to be safe, and a mistake in a script must not run twice.
            raise ChoiceError(_EMPTY)
    if text == BARE:
        return Choice(None, policy)
    try:
        return Choice(ClientToken(text), policy)
    except ClientTokenError as error:
        raise ChoiceError(f"{source}: {error}") from None


def misplaced(program: Program) -> str:
    """Say where the option goes.

    :param program: which one
    """
    return f"{program.option} goes before the command: {program.form}"


def _is(word: str, option: str) -> bool:
    return len(word) >= _SHORTEST and option.startswith(word)
