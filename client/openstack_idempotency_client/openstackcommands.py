# SPDX-License-Identifier: Apache-2.0
"""The commands ``openstack client token ...``."""

from __future__ import annotations

import argparse
import contextlib
import sys
import typing as ty

from osc_lib import exceptions
from osc_lib.command import command

from openstack_idempotency_client import remembered
from openstack_idempotency_client.entry import JournalError
from openstack_idempotency_client.openstackclient import clients
from openstack_idempotency_client.program import OPENSTACK
from openstack_idempotency_client.scope import of_adapter


def _view(app: ty.Any) -> remembered.View:
    adapters = clients(app.client_manager)
    chosen = app.parser.client_token_choice
    return remembered.View(
        OPENSTACK, adapters, of_adapter(adapters[0]), chosen and chosen.token
    )


@contextlib.contextmanager
def _plainly() -> ty.Iterator[None]:
    try:
        yield
    except JournalError as error:
        raise exceptions.CommandError(str(error)) from None


class ListTokens(command.Lister):
    """List the commands that are remembered until they are answered."""

    def take_action(
        self,
        parsed_args: argparse.Namespace,  # noqa: ARG002
    ) -> tuple[ty.Sequence[str], ty.Iterable[ty.Any]]:
        """Return the columns, and a row for each."""
        with _plainly():
            view = _view(self.app)
            return view.columns, view.rows()


class ShowToken(command.ShowOne):
    """Show a remembered command, and what the cloud knows of it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "id", metavar="<id>", nargs="?",
            help="ID of a remembered command. Without it, shows what the "
            f"cloud knows of the token given with {OPENSTACK.option}=",
        )  # fmt: skip
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[ty.Sequence[str], ty.Iterable[ty.Any]]:
        """Return the names, and the values."""
        with _plainly():
            shown = _view(self.app).shown(parsed_args.id)
        return tuple(shown), tuple(shown.values())


class ForgetToken(command.Command):
    """Forget a command: run again, it is a new one. Look first."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "id", metavar="<id>", nargs="+", help="ID of a remembered command."
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Forget each."""
        with _plainly():
            for name in parsed_args.id:
                _view(self.app).forget(name)


class ResumeToken(command.Command):
    """Let a command of another host go on here, when it is run again."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "id", metavar="<id>", help="ID of a remembered command."
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Take it over, and say what to do now."""
        with _plainly():
            sys.stderr.write(f"{_view(self.app).resume(parsed_args.id)}\n")


class ShowStatus(command.ShowOne):
    """Show which services of the cloud keep client tokens."""

    def take_action(
        self,
        parsed_args: argparse.Namespace,  # noqa: ARG002
    ) -> tuple[ty.Sequence[str], ty.Iterable[ty.Any]]:
        """Return the names, and the values."""
        with _plainly():
            status = _view(self.app).status()
        return tuple(status), tuple(status.values())
