# SPDX-License-Identifier: Apache-2.0
"""An entry of the journal that one process works with."""

from __future__ import annotations

import typing as ty

import filelock

from openstack_idempotency_client import digest
from openstack_idempotency_client import vault as vaults
from openstack_idempotency_client.entry import Entry
from openstack_idempotency_client.entry import JournalError
from openstack_idempotency_client.entry import Post
from openstack_idempotency_client.token import ClientToken


class Keeper(ty.Protocol):
    """What an entry needs of its journal."""

    @property
    def has_keyring(self) -> bool:
        """Tell whether there is a keyring for secrets."""

    def key(self, kind: str) -> bytes:
        """Return the key of a vault's digests."""

    def vault(self, kind: str) -> vaults.Vault:
        """Return a vault."""

    def write(self, entry: Entry) -> None:
        """Write an entry down."""

    def remove(self, entry: Entry) -> None:
        """Remove an entry and its secrets."""


class Held:
    """An entry that this process, and no other, works with.

    :param journal: where it is
    :param entry: the entry
    :param lock: is held
    """

    def __init__(
        self,
        journal: Keeper,
        entry: Entry,
        lock: filelock.BaseFileLock,
    ) -> None:
        self.entry = entry
        # Whether a process that is gone began it.
        self.resumed = False
        self._journal = journal
        self._lock = lock
        self._used: set[int] = set()

    def token_for(
        self, target: str, make: ty.Callable[[], ClientToken]
    ) -> tuple[ClientToken, Post] | None:
        """Return the token of the next POST to a target, and its notes.

        None: what is remembered is for another target, and not settled. A
        name resolves otherwise now, or the command does something else.

        :param target: where the POST goes
        :param make: makes a new token
        """
        wanted = digest.of(self._journal.key(self.entry.vault), target)
        unused = [
            number for number in range(len(self.entry.posts))
            if number not in self._used
        ]  # fmt: skip
        for number in unused:
            if self.entry.posts[number].target == wanted:
                self._used.add(number)
                return self._remembered(number), self.entry.posts[number]
        if any(not self.entry.posts[number].settled for number in unused):
            return None
        return self._new(wanted, make())

    def _remembered(self, number: int) -> ClientToken:
        name = self.entry.secret(number)
        value = self._journal.vault(self.entry.vault).get(name)
        if value is None:
            raise JournalError(
                f"the client token of {self.entry.id} is gone from its "
                f"{self.entry.vault}; look what the command did, then forget "
                "the entry"
            )
        return ClientToken(value)

    def _new(
        self, target: str, token: ClientToken
    ) -> tuple[ClientToken, Post]:
        number = len(self.entry.posts)
        vault = self._journal.vault(self.entry.vault)
        vault.put(self.entry.secret(number), token.value)
        post = Post(target)
        self.entry.posts.append(post)
        self._used.add(number)
        return token, post

    @property
    def has_keyring(self) -> bool:
        """Tell whether there is a keyring for secrets."""
        return self._journal.has_keyring

    def keep_private_key(self, text: str) -> None:
        """Keep a private key in the keyring.

        :param text: the key
        """
        self._journal.vault("keyring").put(self.entry.private_key, text)

    def private_key(self) -> str | None:
        """Return the private key that is kept, if any."""
        return self._journal.vault("keyring").get(self.entry.private_key)

    def save(self) -> None:
        """Write it down; it is safe when this returns."""
        self._journal.write(self.entry)

    def forget(self) -> None:
        """Remove it, and its secrets."""
        self._journal.remove(self.entry)
        self.release()

    def release(self) -> None:
        """Let others have it."""
        self._lock.release()
