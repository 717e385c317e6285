# SPDX-License-Identifier: Apache-2.0
"""Remembers tokens on disk, so that a command that was killed can go on.

``entries/ID.json`` says what is known of a command, ``locks/ID`` is locked
while a process works with it. Secrets are in a vault. Tokens are safe before
the entry that needs them, and the entry before its request leaves.
"""

from __future__ import annotations

import contextlib
import pathlib
import re
import secrets
import typing as ty

import filelock
import platformdirs

from openstack_idempotency_client import digest
from openstack_idempotency_client import entry as entries
from openstack_idempotency_client import vault as vaults
from openstack_idempotency_client.digest import Typed
from openstack_idempotency_client.entry import Entry
from openstack_idempotency_client.entry import JournalError
from openstack_idempotency_client.held import Held

_KEY = "key"
_KEY_SIZE = 32  # bytes
_HEX = re.compile(f"[0-9a-f]{{{2 * _KEY_SIZE}}}")
_ID = re.compile(r"[0-9a-f]{8}")
_SECONDS = 30.0  # how long to wait for those who work for milliseconds


class _GoneError(JournalError):
    """There is no such entry."""


class Journal:
    """The folder of entries.

    :param folder: by default the one for the state of the user's programs
    """

    def __init__(self, folder: pathlib.Path | None = None) -> None:
        self._folder = folder or platformdirs.user_state_path(vaults.SERVICE)
        if not self._folder.is_absolute():
            raise JournalError(
                "there is no folder to remember client tokens in; set HOME, "
                "or set XDG_STATE_HOME to one"
            )
        self._keys: dict[str, bytes] = {}
        self._vaults: dict[str, vaults.Vault] = {
            "file": vaults.FileVault(self._folder / "secrets")
        }
        if found := vaults.from_keyring():
            self._vaults[found.kind] = found

    @property
    def has_keyring(self) -> bool:
        """Tell whether there is a keyring for secrets."""
        return "keyring" in self._vaults

    def vault(self, kind: str) -> vaults.Vault:
        """Return a vault.

        :param kind: what an entry calls it
        :raises JournalError: when it cannot be opened now
        """
        if kind not in self._vaults:
            raise JournalError(
                "its client tokens are in a keyring that cannot be opened "
                "now; unlock it, and run the command again"
            )
        return self._vaults[kind]

    def key(self, kind: str) -> bytes:
        """Return the key of the digests in a vault's entries.

        :param kind: of the vault
        :raises JournalError: when it is lost, but not the entries
        """
        if kind not in self._keys:
            with self.locked():
                text = self.vault(kind).get(_KEY)
                if text is None and not self._needs_key(kind):
                    text = secrets.token_hex(_KEY_SIZE)
                    self.vault(kind).put(_KEY, text)
            if text is None or not _HEX.fullmatch(text):
                raise JournalError(
                    f"the key of what is remembered is lost from its {kind}, "
                    "so no command can be compared with it. Look what those "
                    f"did that are in {self._folder / 'entries'}, and remove "
                    f"{self._folder}"
                )
            self._keys[kind] = bytes.fromhex(text)
        return self._keys[kind]

    def _needs_key(self, kind: str) -> bool:
        return any(entry.vault == kind for entry in self.entries())

    def entries(self) -> list[Entry]:
        """Return all that is remembered, the oldest first.

        :raises JournalError: when some of it cannot be read
        """
        found = [_read(path)
                 for path in (self._folder / "entries").glob("*.json")]
        return sorted(
            (entry for entry in found if entry),
            key=lambda entry: (entry.created, entry.id),
        )

    def matching(self, typed: Typed) -> list[Entry]:
        """Return the entries of the same command in the same scope.

        :param typed: the command
        :raises JournalError: when an entry may be one of them, but its
            vault cannot be opened
        """
        return [entry for entry in self.entries()
                if self._matches(entry, typed)]

    def _matches(self, entry: Entry, typed: Typed) -> bool:
        if (entry.program, entry.words) != (typed.program, typed.shown):
            return False
        key = self.key(entry.vault)
        return (entry.scope, entry.command) == _digests(key, typed)

    def in_scope(self, entry: Entry, scope: tuple[str, ...]) -> bool:
        """Tell whether an entry is for this cloud, user and project.

        :param entry: the entry
        :param scope: cloud, user and project
        """
        return entry.scope == digest.of(self.key(entry.vault), *scope)

    def resume(self, typed: Typed) -> Held | None:
        """Return the oldest entry that a process which is gone left here.

        :param typed: the command
        """
        for entry in self.matching(typed):
            # Forgotten meanwhile: there is nothing to go on with.
            with contextlib.suppress(_GoneError):
                if entry.here and (held := self.hold(entry.id)):
                    held.resumed = True
                    return held
        return None

    def begin(self, typed: Typed, now: float) -> Held:
        """Return a new entry; it is not written before it has a POST.

        :param typed: the command
        :param now: the server's time
        """
        kind = "keyring" if self.has_keyring else "file"
        scope, command = _digests(self.key(kind), typed)
        entry = Entry(
            secrets.token_hex(4), typed.program, typed.shown, scope, command,
            kind, entries.host(), entries.boot(), now,
        )  # fmt: skip
        with self.locked():
            self._sweep()
            lock = self._lock(entry.id)
            lock.acquire()
        return Held(self, entry, lock)

    def _sweep(self) -> None:
        """Remove what a killed process left that belongs to no entry."""
        for path in (self._folder / "locks").iterdir():
            if self._path(path.name).exists():
                continue
            lock = self._lock(path.name)
            with contextlib.suppress(filelock.Timeout):
                lock.acquire(blocking=False)
                with contextlib.suppress(JournalError):
                    self._drop_secrets(path.name)
                path.unlink(missing_ok=True)
                lock.release()

    def hold(self, name: str) -> Held | None:
        """Return an entry for this process alone; none: another has it.

        :param name: its id
        :raises JournalError: when there is no such entry
        """
        with self.locked():
            if not (_ID.fullmatch(name) and self._path(name).exists()):
                raise _GoneError(f"nothing is remembered as {name}")
            lock = self._lock(name)
            try:
                lock.acquire(blocking=False)
            except filelock.Timeout:
                return None
            entry = _read(self._path(name))
            return Held(self, entry, lock) if entry else None

    def write(self, entry: Entry) -> None:
        """Write an entry down.

        :param entry: the entry, which this process holds
        """
        vaults.write(self._path(entry.id), entry.dumps())

    def remove(self, entry: Entry) -> None:
        """Remove an entry and its secrets.

        :param entry: the entry, which this process holds
        """
        with self.locked():
            self._path(entry.id).unlink(missing_ok=True)
        self._drop_secrets(entry.id, len(entry.posts))
        # Last, so that what is left is found if this process is killed here.
        with self.locked():
            (self._folder / "locks" / entry.id).unlink(missing_ok=True)

    def _drop_secrets(self, name: str, posts: int = 0) -> None:
        for vault in self._vaults.values():
            number = 0
            while number < posts or vault.get(entries.secret(name, number)):
                vault.drop(entries.secret(name, number))
                number += 1
        if self.has_keyring:
            self._vaults["keyring"].drop(entries.private_key(name))

    @contextlib.contextmanager
    def locked(self) -> ty.Iterator[None]:
        """Keep other processes from changing which entries there are."""
        try:
            vaults.make_folder(self._folder / "locks")
            lock = filelock.FileLock(
                self._folder / "journal.lock", timeout=_SECONDS, mode=0o600
            )
            with lock:
                yield
        except (OSError, NotImplementedError) as error:
            # The latter is filelock's, where a file system knows no locks.
            why = getattr(error, "strerror", None) or error
            raise JournalError(
                f"{self._folder} cannot be used: {why}. Let it be readable "
                "and writable for you, or set XDG_STATE_HOME to a folder "
                "that is"
            ) from None

    def _path(self, name: str) -> pathlib.Path:
        return self._folder / "entries" / f"{name}.json"

    def _lock(self, name: str) -> filelock.BaseFileLock:
        return filelock.FileLock(
            self._folder / "locks" / name, mode=0o600, thread_local=False
        )


def _read(path: pathlib.Path) -> Entry | None:
    """Return an entry; none: it was removed meanwhile."""
    text = vaults.read(path)
    try:
        return None if text is None else Entry.loads(text)
    except ValueError:
        # Perhaps of a newer version of this client.
        raise JournalError(
            f"{path} cannot be understood, and may be what is remembered of "
            "this command. Look what was done, then remove that file"
        ) from None


def _digests(key: bytes, typed: Typed) -> tuple[str, str]:
    return (
        digest.of(key, *typed.scope),
        digest.of_command(key, (typed.name, *typed.words)),
    )
