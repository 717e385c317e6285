# SPDX-License-Identifier: Apache-2.0
"""The extension that stock python-novaclient loads for its command line.

novaclient calls the two hooks once for each extension it has ever loaded in
the process, so each of them may run several times and acts once. Its
functions ``do_...`` are commands.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import inspect
import os
import sys
import typing as ty

from novaclient import shell
from novaclient import utils

from openstack_idempotency_client import choice
from openstack_idempotency_client import session
from openstack_idempotency_client.command import Run
from openstack_idempotency_client.digest import Typed
from openstack_idempotency_client.entry import JournalError
from openstack_idempotency_client.program import NOVA
from openstack_idempotency_client.scope import of_adapter

if ty.TYPE_CHECKING:
    from openstack_idempotency_client.remembered import View

_ID = {"metavar": "<id>", "help": "ID of a remembered command."}
_USAGE = 2  # the exit status of argparse for what cannot be meant

_ParserMaker = ty.Callable[[ty.Any, list[str]], ty.Any]
_Parse = ty.Callable[[list[str]], argparse.Namespace]
_Command = ty.Callable[[ty.Any, argparse.Namespace], ty.Any]


def __pre_parse_args__() -> None:  # noqa: N807
    """Give novaclient's parser the option; called before it is built."""
    # novaclient gives this hook neither its shell nor its parser, so the
    # class is the only place where the parser can be met.
    make = shell.OpenStackComputeShell.get_base_parser
    if not hasattr(make, "knows_client_token"):
        shell.OpenStackComputeShell.get_base_parser = _with_options(make)


def _with_options(make: _ParserMaker) -> _ParserMaker:
    @functools.wraps(make)
    def get_base_parser(shell: ty.Any, argv: list[str]) -> ty.Any:
        parser = make(shell, argv)
        choice.add_options(parser, NOVA)
        parser.parse_args = _parsing(parser, shell)
        return parser

    get_base_parser.knows_client_token = True  # type: ignore[attr-defined]
    return get_base_parser


def _parsing(
    parser: argparse.ArgumentParser, shell: ty.Any
) -> _Parse:
    """Return a way to parse that allows the option to have no value."""
    parse: _Parse = parser.parse_args

    def parse_args(words: list[str]) -> argparse.Namespace:
        typed: list[str] = []
        for name, command in shell.subcommands.items():
            command.parse_known_args = _noting(command, name, typed)
        joined = choice.joined(
            words, NOVA.option, lambda word: word not in shell.subcommands
        )
        if choice.has_value(joined, NOVA.option) and (
            shell.subcommands.keys().isdisjoint(joined)
        ):
            parser.error(
                f"there is no command after the word that {NOVA.option} took "
                f"for a token: {NOVA.form}"
            )
        args = parse(joined)
        args.client_token_typed = typed
        return args

    return parse_args


def _noting(
    parser: argparse.ArgumentParser, name: str, typed: list[str]
) -> ty.Callable[..., ty.Any]:
    """Return a way to parse a command that notes its words."""
    parse = parser.parse_known_args

    def parse_known_args(
        args: list[str], *others: ty.Any, **options: ty.Any
    ) -> ty.Any:
        if any(choice.names(word, NOVA.option) for word in args):
            parser.error(choice.misplaced(NOVA))
        typed[:] = [name, *args]
        return parse(args, *others, **options)

    return parse_known_args


def __post_parse_args__(args: argparse.Namespace) -> None:  # noqa: N807
    """Let the chosen command carry tokens, if the user wants that.

    :raises SystemExit: what the user wrote cannot be meant
    """
    # The shell's own methods are help and completion: they send nothing, and
    # the shell must find them unwrapped.
    if inspect.ismethod(args.func) or isinstance(args.client_token, _Done):
        return
    chosen = _choose(args)
    args.client_token = _Done(chosen)
    if chosen and not hasattr(args.func, "about_client_tokens"):
        args.func = _with_tokens(args.func, chosen, args.client_token_typed)


class _Done:
    """What stands in the place of the option when it has been looked at."""

    def __init__(self, chosen: choice.Choice | None) -> None:
        self.choice = chosen


def _choose(args: argparse.Namespace) -> choice.Choice | None:
    try:
        return choice.choose(args, NOVA, os.environ.get(choice.VARIABLE))
    except choice.ChoiceError as error:
        sys.stderr.write(f"nova: error: {error}\n")
        sys.exit(_USAGE)


def _with_tokens(
    command: _Command, chosen: choice.Choice, words: list[str]
) -> _Command:
    @functools.wraps(command)
    def run(nova: ty.Any, args: argparse.Namespace) -> ty.Any:
        adapter = nova.client

        def typed() -> Typed:
            name, *others = words
            return Typed(
                NOVA.name, name, tuple(others), of_adapter(adapter)
            )

        tokens = Run(NOVA, chosen, typed, _say)
        # While novaclient asks the image or network service, the adapter has
        # another service type; the one from before names compute.
        attached = session.attached(
            adapter.session, tokens, chosen.policy, adapter.service_type
        )
        with tokens.running(), attached:
            return command(nova, args)

    return run


def _say(text: str) -> None:
    # stdout belongs to novaclient's own output.
    sys.stderr.write(f"{text}\n")


def _about_tokens(
    *arguments: tuple[str, dict[str, str]],
) -> ty.Callable[[_Command], _Command]:
    """Make a function a command that looks tokens up, and needs none."""

    def mark(command: _Command) -> _Command:
        marked: ty.Any = command
        marked.about_client_tokens = True
        for name, options in arguments:
            utils.add_arg(command, name, **options)
        return command

    return mark


def _view(nova: ty.Any, args: argparse.Namespace) -> View:
    # Late: nova loads this module for each of its commands.
    from openstack_idempotency_client.remembered import View

    adapter = nova.client
    chosen = args.client_token.choice
    return View(
        NOVA, (adapter,), of_adapter(adapter), chosen and chosen.token
    )


@contextlib.contextmanager
def _plainly() -> ty.Iterator[None]:
    try:
        yield
    except JournalError as error:
        sys.stderr.write(f"nova: error: {error}\n")
        sys.exit(1)


@_about_tokens()
def do_client_token_list(nova: ty.Any, args: argparse.Namespace) -> None:
    """List the commands that are remembered until they are answered."""
    with _plainly():
        view = _view(nova, args)
        utils.print_list(view.rows(), view.columns, sortby_index=None)


@_about_tokens(("id", {**_ID, "nargs": "?"}))
def do_client_token_show(nova: ty.Any, args: argparse.Namespace) -> None:
    """Show a remembered command, and what the cloud knows of it."""
    with _plainly():
        utils.print_dict(_view(nova, args).shown(args.id))


@_about_tokens(("id", {**_ID, "nargs": "+"}))
def do_client_token_forget(nova: ty.Any, args: argparse.Namespace) -> None:
    """Forget a command: run again, it is a new one. Look first."""
    with _plainly():
        for name in args.id:
            _view(nova, args).forget(name)


@_about_tokens(("id", _ID))
def do_client_token_resume(nova: ty.Any, args: argparse.Namespace) -> None:
    """Let a command of another host go on here, when it is run again."""
    with _plainly():
        _say(_view(nova, args).resume(args.id))


@_about_tokens()
def do_client_token_status(nova: ty.Any, args: argparse.Namespace) -> None:
    """Show whether the compute service keeps client tokens."""
    with _plainly():
        utils.print_dict(_view(nova, args).status())
