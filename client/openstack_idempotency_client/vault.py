# SPDX-License-Identifier: Apache-2.0
"""Where secrets are kept: in a keyring, else in files of mode 0600."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
import typing as ty

import keyring
import keyring.errors

from openstack_idempotency_client.entry import JournalError

SERVICE = "openstack-idempotency-client"
# Below it, keyring itself takes no backend for one that keeps secrets.
_RECOMMENDED = 1


class Vault(ty.Protocol):
    """Keeps secrets by name.

    :param kind: what an entry calls it
    """

    kind: str

    def put(self, name: str, secret: str) -> None:
        """Keep a secret; it is safe when this returns."""

    def get(self, name: str) -> str | None:
        """Return a secret, or none."""

    def drop(self, name: str) -> None:
        """Forget a secret; it need not be there."""


class KeyringVault:
    """The user's keyring, as the library keyring finds it."""

    kind = "keyring"

    def put(self, name: str, secret: str) -> None:
        """Keep a secret."""
        with _plainly():
            keyring.set_password(SERVICE, name, secret)

    def get(self, name: str) -> str | None:
        """Return a secret, or none."""
        with _plainly():
            return keyring.get_password(SERVICE, name)

    def drop(self, name: str) -> None:
        """Forget a secret."""
        with _plainly(), contextlib.suppress(
            keyring.errors.PasswordDeleteError
        ):
            keyring.delete_password(SERVICE, name)


class FileVault:
    """Files that only their user can read.

    :param folder: where they are
    """

    kind = "file"

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder

    def put(self, name: str, secret: str) -> None:
        """Keep a secret."""
        write(self._folder / name, secret)

    def get(self, name: str) -> str | None:
        """Return a secret, or none."""
        return read(self._folder / name)

    def drop(self, name: str) -> None:
        """Forget a secret."""
        path = self._folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise JournalError(
                f"{path} cannot be removed: {error.strerror}"
            ) from None


def from_keyring() -> KeyringVault | None:
    """Return the user's keyring, or none where none can be used now."""
    backend = keyring.get_keyring()
    if backend.priority < _RECOMMENDED:
        return None
    vault = KeyringVault()
    try:
        vault.get("is it open?")
    except Exception:
        # Besides its own errors, those of the desktop's libraries below it.
        return None
    return vault


@contextlib.contextmanager
def _plainly() -> ty.Iterator[None]:
    try:
        yield
    except keyring.errors.KeyringError as error:
        raise JournalError(
            f"the keyring does not work ({error}). Unlock it, and run the "
            "command again"
        ) from None


def read(path: pathlib.Path) -> str | None:
    """Return what is in a file; none: it is not there.

    :param path: the file
    :raises JournalError: when it cannot be read, or is no text
    """
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is damaged"
        raise JournalError(f"{path} cannot be read: {why}") from None


def make_folder(path: pathlib.Path) -> None:
    """Make a folder, and those above it that are missing, for its user alone.

    :param path: the folder
    """
    # mkdir() gives those above it whatever the umask allows. Who can write
    # there could put other files in the place of the secrets.
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def write(path: pathlib.Path, text: str) -> None:
    """Write a file of mode 0600; after a power cut it is there, or the old is.

    :param path: the file; its folder is made
    :param text: what to write
    :raises JournalError: when that is not possible
    """
    try:
        _write(path, text)
    except OSError as error:
        raise JournalError(
            f"{path} cannot be written: {error.strerror or error}"
        ) from None


def _write(path: pathlib.Path, text: str) -> None:
    make_folder(path.parent)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            pathlib.Path(file.name).replace(path)
        except BaseException:
            pathlib.Path(file.name).unlink(missing_ok=True)
            raise
    _sync(path.parent)


def _sync(folder: pathlib.Path) -> None:
    # The new name is in the folder, which is written apart from the file.
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
