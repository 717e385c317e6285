# SPDX-License-Identifier: Apache-2.0
"""The plugin that the stock openstack command loads for its options.

Found by the entry point ``openstack.cli.extension``.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.metadata
import itertools
import os
import sys
import typing as ty

from keystoneauth1 import adapter

from openstack_idempotency_client import choice
from openstack_idempotency_client import session
from openstack_idempotency_client.command import Run
from openstack_idempotency_client.digest import Typed
from openstack_idempotency_client.program import OPENSTACK
from openstack_idempotency_client.scope import of_adapter
from openstack_idempotency_client.services import SERVICE_TYPES

API_NAME = "client_token"
API_VERSION_OPTION = "os_client_token_api_version"
DEFAULT_API_VERSION = "1"
API_VERSIONS = ("1",)

_ParseKnown = ty.Callable[..., tuple[argparse.Namespace, list[str]]]
# Words of every cliff program, which no entry point names.
_BUILT_IN = frozenset({"help", "complete"})
_BUILT_IN_LISTS = [[word] for word in _BUILT_IN]


def make_client(instance: ty.Any) -> adapter.Adapter:
    """Return an adapter of the compute service, which looks tokens up.

    :param instance: the client manager
    """
    return clients(instance)[0]


def clients(instance: ty.Any) -> list[adapter.Adapter]:
    """Return an adapter of each service whose POSTs carry tokens.

    :param instance: the client manager
    """
    return [
        adapter.Adapter(
            instance.session,
            service_type=service_type,
            region_name=instance.region_name,
            interface=instance.interface,
            min_version=version,
            max_version=version and f"{version}.latest",
        )
        for service_type, version in SERVICE_TYPES.items()
    ]


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Give the parser of global options ours.

    :param parser: it, and no other one, is changed
    """
    instance: ty.Any = parser
    choice.add_options(parser, OPENSTACK)
    instance.parse_known_args = _parsing(parser)
    _carry_in_shell()
    return parser


def _parsing(parser: argparse.ArgumentParser) -> _ParseKnown:
    parse = parser.parse_known_args
    instance: ty.Any = parser

    def parse_known_args(
        args: list[str], *others: ty.Any, **options: ty.Any
    ) -> tuple[argparse.Namespace, list[str]]:
        joined = choice.joined(args, OPENSTACK.option, lambda _word: False)
        typed, rest = parse(joined, *others, **options)
        if _is_token_without_equals(joined, rest):
            parser.error(
                f"the word after {OPENSTACK.option} is no command. A client "
                f"token needs '=': {OPENSTACK.form}"
            )
        instance.client_token_choice = _choose(parser, typed, rest)
        # The shell takes what is here for a part of its configuration, and
        # logs that.
        typed.client_token = None
        return typed, rest

    return ty.cast(_ParseKnown, parse_known_args)


def _is_token_without_equals(joined: list[str], rest: list[str]) -> bool:
    """Tell whether a token stands where the command should be."""
    bare = f"={choice.BARE}"
    for option, word in itertools.pairwise(joined):
        if option.endswith(bare) and rest[:1] == [word]:
            return not any(name.startswith(word) for name in _first_words())
    return False


def _first_words() -> set[str]:
    groups = importlib.metadata.entry_points().groups
    found = {
        point.name.partition("_")[0]
        for group in groups
        if group.startswith("openstack.")
        for point in importlib.metadata.entry_points(group=group)
    }
    return found | _BUILT_IN


def _choose(
    parser: argparse.ArgumentParser,
    typed: argparse.Namespace,
    rest: list[str],
) -> choice.Choice | None:
    if getattr(typed, "deferred_help", False) or rest[:1] in _BUILT_IN_LISTS:
        return None
    try:
        variable = os.environ.get(choice.VARIABLE)
        chosen = choice.choose(typed, OPENSTACK, variable)
    except choice.ChoiceError as error:
        parser.error(str(error))
    if chosen and chosen.token and not rest:
        parser.error(
            "a client token is for one command. In interactive mode each "
            f"command gets one of its own: use {OPENSTACK.option} without a "
            f"value, and unset {choice.VARIABLE}"
        )
    return chosen


def _carry_in_shell() -> None:
    """Let the shell's commands carry tokens."""
    # A plugin is given the parser, but never the shell: its class is the only
    # place where a command can be met before it runs, in interactive mode,
    # too. Imported here because the shell imports its plugins.
    from openstackclient import shell

    run = shell.OpenStackShell.run_subcommand
    if not hasattr(run, "knows_client_token"):
        patched: ty.Any = shell.OpenStackShell
        patched.run_subcommand = _carrying(run)


def _carrying(
    run: ty.Callable[[ty.Any, list[str]], int],
) -> ty.Callable[[ty.Any, list[str]], int]:
    @functools.wraps(run)
    def run_subcommand(app: ty.Any, argv: list[str]) -> int:
        try:
            found = app.command_manager.find_command(list(argv))
        except ValueError:
            return run(app, argv)
        _factory, name, words = found
        if any(choice.names(word, OPENSTACK.option) for word in words):
            # Only in interactive mode: otherwise it was taken away before.
            _say(
                f"{choice.misplaced(OPENSTACK)}. In interactive mode, that is "
                "where openstack is started"
            )
            return 2
        chosen = getattr(app.parser, "client_token_choice", None)
        if chosen is None:
            return run(app, argv)
        tokens = Run(OPENSTACK, chosen, _typed(app, name, words), _say)
        with tokens.running(), _attaching(app, tokens, chosen):
            status = run(app, argv)
            # The shell itself shows errors, and raises none.
            tokens.failed = status != 0
            return status

    run_subcommand.knows_client_token = True  # type: ignore[attr-defined]
    return run_subcommand


def _typed(
    app: ty.Any, name: str, words: list[str]
) -> ty.Callable[[], Typed]:
    def typed() -> Typed:
        scope = of_adapter(make_client(app.client_manager))
        return Typed(OPENSTACK.name, name, tuple(words), scope)

    return typed


@contextlib.contextmanager
def _attaching(
    app: ty.Any, tokens: Run, chosen: choice.Choice
) -> ty.Iterator[None]:
    """Attach the session of a command, once the command has one."""
    prepare = app.prepare_to_run_command
    with contextlib.ExitStack() as stack:

        def prepare_to_run_command(cmd: ty.Any) -> None:
            prepare(cmd)
            if cmd.auth_required:
                stack.enter_context(session.attached(
                    app.client_manager.session, tokens, chosen.policy,
                    *SERVICE_TYPES,
                ))  # fmt: skip

        app.prepare_to_run_command = prepare_to_run_command
        stack.callback(delattr, app, "prepare_to_run_command")
        yield


def _say(text: str) -> None:
    # stdout belongs to the command's own output.
    sys.stderr.write(f"{text}\n")
