# SPDX-License-Identifier: Apache-2.0
"""A private key that ``openstack keypair create`` makes on this machine.

It makes another one each time, so the same command would be another request,
and the first one's key would be lost. Here it is kept before the request
leaves: in the file that the user named, or in the keyring. Found by the entry
point ``openstack.cli.keypair_create``.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
import time
import typing as ty

from cliff import hooks
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from osc_lib import exceptions

from openstack_idempotency_client import command
from openstack_idempotency_client import vault
from openstack_idempotency_client.entry import JournalError
from openstack_idempotency_client.held import Held

_NOWHERE = (
    "nothing was sent: the private key would be lost with this command, "
    "because there is no keyring to keep it in. Name a file for it with "
    "--private-key FILE"
)


class KeypairHook(hooks.CommandHook):
    """Gives ``keypair create`` a key that outlives it."""

    def get_parser(
        self, parser: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        """Return the command's parser, as it is."""
        return parser

    def get_epilog(self) -> str:
        """Return no more words for the command's help."""
        return ""

    def before(self, parsed_args: argparse.Namespace) -> argparse.Namespace:
        """Let the command send a public key whose private key is kept.

        :raises osc_lib.exceptions.CommandError: when it can be kept nowhere
        """
        run = command.current()
        if run is None or not run.makes_tokens or parsed_args.public_key:
            return parsed_args
        try:
            held = run.claim(time.time())
            private_key = _private_key(held, parsed_args.private_key)
        except JournalError as error:
            raise exceptions.CommandError(f"nothing was sent: {error}") from (
                None
            )
        if parsed_args.private_key is None:
            self._print_when_done(private_key)
        file = run.until_its_end.enter_context(
            tempfile.NamedTemporaryFile(  # noqa: SIM115
                "w", prefix="public-key-"
            )
        )
        file.write(_public(private_key))
        file.flush()
        parsed_args.public_key = file.name
        # It is there already, and two files cannot be named.
        parsed_args.private_key = None
        return parsed_args

    def after(
        self,
        parsed_args: argparse.Namespace,  # noqa: ARG002
        return_code: int,
    ) -> int:
        """Return the command's own exit status."""
        return return_code

    def _print_when_done(self, private_key: str) -> None:
        # As the command itself does where it made the key and no file is
        # named: the key, and nothing else.
        instance: ty.Any = self.cmd
        take_action = instance.take_action

        def printing(parsed_args: argparse.Namespace) -> ty.Any:
            take_action(parsed_args)
            instance.app.stdout.write(private_key)
            return (), ()

        instance.take_action = printing


def _private_key(held: Held, file: str | None) -> str:
    """Return the private key of this command, and keep it if it is new."""
    if file is not None:
        path = pathlib.Path(file).expanduser()
        if held.resumed:
            return _read(path, held.entry.id)
        text = _make()
        vault.write(path, text)
        return text
    if not held.has_keyring:
        raise exceptions.CommandError(_NOWHERE)
    text = held.private_key() or _make()
    held.keep_private_key(text)
    return text


def _read(path: pathlib.Path, name: str) -> str:
    try:
        text = path.read_text()
        _public(text)
    except (OSError, ValueError) as error:
        raise JournalError(
            f"this command was run before, and {path} does not hold the "
            f"private key that it wrote there ({error}). Put it back; or look "
            f"what the command did, then forget {name}"
        ) from None
    return text


def _make() -> str:
    return (
        ed25519.Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _public(private_key: str) -> str:
    key = serialization.load_ssh_private_key(private_key.encode(), None)
    return (
        key.public_key()
        .public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        .decode()
    )
