# SPDX-License-Identifier: Apache-2.0
"""The extension that stock python-novaclient loads for its command line.

novaclient calls the two hooks once for each extension it has ever loaded in
the process, so each of them may run several times and acts once.
"""

import argparse
from collections.abc import Callable
from collections.abc import Sequence
import functools
import inspect
import itertools
import os
import sys
from typing import Any

from novaclient.exceptions import CommandError  # type: ignore[import-untyped]
from novaclient.shell import OpenStackComputeShell  # type: ignore[import-untyped]
from requests import Response

from openstack_idempotency_client.notice import notice
from openstack_idempotency_client.session import carrying
from openstack_idempotency_client.token import ClientToken
from openstack_idempotency_client.token import ClientTokenError

OPTION = "--x-client-token"
VARIABLE = "OS_CLIENT_TOKEN"
HELP = (
    "Name this command's request with a token of your choice (1 to 255 "
    "visible ASCII characters, no comma), so that the same command with the "
    "same token gets the first answer again instead of running twice. Works "
    "for commands that POST to the compute API, on clouds that take client "
    "tokens, until the cloud forgets the token (usually after a day). Use a "
    "new token, for example a UUID, for each new request. Other local users "
    "can see a token on the command line in the list of processes; "
    f"env[{VARIABLE}] avoids that."
)

_EMPTY = (
    "is set, but empty, so nothing was sent. Give it a token, for example a "
    "UUID, so that this command can be retried safely; or unset it to send "
    "the command without a token."
)
_USAGE = 2  # the exit status of argparse for what cannot be meant

_ParserMaker = Callable[[OpenStackComputeShell, list[str]], Any]
_Command = Callable[[Any, argparse.Namespace], Any]


class _TokenAction(argparse.Action):
    """Stores the token, unless a subcommand stands where it should be."""

    def __init__(
        self,
        option_strings: Sequence[str],
        dest: str,
        *,
        shell: OpenStackComputeShell,
        argv: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(option_strings, dest, **kwargs)
        self._shell = shell
        self._argv = argv

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        # novaclient's first look at the arguments, before it knows its
        # subcommands, comes here too when it runs twice in one process.
        subcommands = getattr(self._shell, "subcommands", ())
        if values in subcommands and self._written_apart(values):
            parser.error(
                f"{OPTION} needs a token before the command '{values}'. "
                f"If '{values}' is the token, write {OPTION}={values}"
            )
        setattr(namespace, self.dest, values)

    def _written_apart(self, value: str) -> bool:
        # argparse does not tell an action "--option value" and
        # "--option=value" apart. Abbreviations count: it accepts them.
        return any(
            word == value and len(option) > 2 and OPTION.startswith(option)
            for option, word in itertools.pairwise(self._argv)
        )


def __pre_parse_args__() -> None:  # noqa: N807
    """Give novaclient's parser the option; called before it is built."""
    make = OpenStackComputeShell.get_base_parser
    if not hasattr(make, "knows_client_token"):
        OpenStackComputeShell.get_base_parser = _with_option(make)


def _with_option(make: _ParserMaker) -> _ParserMaker:
    @functools.wraps(make)
    def get_base_parser(shell: OpenStackComputeShell, argv: list[str]) -> Any:
        parser = make(shell, argv)
        parser.add_argument(
            OPTION,
            metavar="<token>",
            action=_TokenAction,
            shell=shell,
            argv=argv,
            help=HELP,
        )
        return parser

    get_base_parser.knows_client_token = True  # type: ignore[attr-defined]
    return get_base_parser


def __post_parse_args__(args: argparse.Namespace) -> None:  # noqa: N807
    """Let the chosen command carry the token that the user gave, if any.

    :raises CommandError: the token is not valid
    :raises SystemExit: the variable is set, but empty
    """
    # The shell's own methods are help and completion: they send nothing, and
    # the shell must find them unwrapped.
    if inspect.ismethod(args.func):
        return
    if isinstance(args.x_client_token, ClientToken):
        return
    args.x_client_token = _chosen_token(args.x_client_token)
    if args.x_client_token:
        args.func = _with_token(args.func, args.x_client_token)


def _chosen_token(option: str | None) -> ClientToken | None:
    source, text = OPTION, option
    if option is None:
        source, text = VARIABLE, os.environ.get(VARIABLE)
    if text is None:
        return None
    if not text and source == VARIABLE:
        # Unlike novaclient's own variables: whoever sets this one wants to be
        # safe, and a mistake in a script must not make the command run twice.
        sys.stderr.write(f"nova: error: {VARIABLE} {_EMPTY}\n")
        sys.exit(_USAGE)
    try:
        return ClientToken(text)
    except ClientTokenError as error:
        raise CommandError(f"{source}: {error}") from None


def _with_token(command: _Command, token: ClientToken) -> _Command:
    @functools.wraps(command)
    def run(nova: Any, args: argparse.Namespace) -> Any:
        tell = _teller(token)
        adapter = nova.client
        # While novaclient asks the image or network service, the adapter has
        # another service type; the one from before names compute.
        with carrying(adapter.session, token, adapter.service_type, tell):
            return command(nova, args)

    return run


def _teller(token: ClientToken) -> Callable[[Response], None]:
    # A command may send many requests: say each thing once.
    shown: set[str] = set()

    def tell(answer: Response) -> None:
        text = notice(answer, token)
        if text and text not in shown:
            shown.add(text)
            # stdout belongs to novaclient's own output.
            sys.stderr.write(f"{text}\n")

    return tell
