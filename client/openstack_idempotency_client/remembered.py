# SPDX-License-Identifier: Apache-2.0
"""The commands about tokens: what is remembered, what the cloud knows."""

from __future__ import annotations

import typing as ty

from keystoneauth1 import exceptions

from openstack_idempotency_client import discovery
from openstack_idempotency_client import entry as entries
from openstack_idempotency_client import notice
from openstack_idempotency_client.discovery import LookUp
from openstack_idempotency_client.entry import Entry
from openstack_idempotency_client.entry import JournalError
from openstack_idempotency_client.held import Held
from openstack_idempotency_client.journal import Journal
from openstack_idempotency_client.outcome import HEADER
from openstack_idempotency_client.program import Program
from openstack_idempotency_client.redaction import RedactedLogger
from openstack_idempotency_client.session import LOGGER
from openstack_idempotency_client.token import ClientToken


class Row(ty.NamedTuple):
    """One entry, as a row of a table."""

    id: str
    command: str
    program: str
    host: str
    since: str
    posts: str


class View:
    """The journal, and the cloud that the user is logged in to.

    :param program: whose commands they are
    :param adapters: keystoneauth's, of the services whose POSTs carry tokens,
        the compute service first
    :param scope: the cloud, user and project
    :param token: the one that the user gave
    """

    def __init__(
        self,
        program: Program,
        adapters: ty.Sequence[ty.Any],
        scope: tuple[str, ...],
        token: ClientToken | None,
    ) -> None:
        self._program = program
        self._adapters = adapters
        self._scope = scope
        self._token = token
        self._journal = Journal()
        self.columns = ("ID", "Command", "Program", "Host", "Since", "POSTs")

    def rows(self) -> list[Row]:
        """Return a row for each entry."""
        return [_row(entry) for entry in self._journal.entries()]

    def shown(self, name: str | None) -> dict[str, str]:
        """Return what is known of one entry, or of the token that was given.

        :param name: the entry's id
        :raises JournalError: when there is none
        """
        if name is None:
            return self._shown_token()
        entry = self._entry(name)
        rows = dict(zip(self.columns, _row(entry), strict=True))
        rows["Machine"] = _machine(entry)
        if not self._journal.in_scope(entry, self._scope):
            rows["Cloud"] = "remembered for another cloud, user or project"
            return rows
        vault = self._journal.vault(entry.vault)
        for number, post in enumerate(entry.posts):
            value = vault.get(entry.secret(number))
            rows[f"POST {number + 1}"] = (
                f"attempts: {post.attempts}, last: {post.said}"
            )
            if value is not None:
                rows |= _uses(
                    f"Cloud, POST {number + 1}",
                    self._look_ups(ClientToken(value)),
                )
        return rows

    def forget(self, name: str) -> None:
        """Forget an entry.

        :param name: its id
        :raises JournalError: when there is none, or a command works with it
        """
        self._hold(name).forget()

    def resume(self, name: str) -> str:
        """Let an entry of another host go on here; return what to do now.

        :param name: its id
        :raises JournalError: when there is none, or a command works with it
        """
        held = self._hold(name)
        held.entry.host, held.entry.boot = entries.host(), entries.boot()
        held.save()
        held.release()
        return (
            f"Now run the command again ({held.entry.program} "
            f"{held.entry.words} ...), exactly as it was: it goes on with the "
            "same client token."
        )

    def status(self) -> dict[str, str]:
        """Return what each service of the cloud promises, and what is here."""
        promised = {
            str(adapter.service_type): notice.promised(_look_up(adapter, None))
            for adapter in self._offered()
        }
        return {
            **promised,
            "Secrets are kept in": (
                "a keyring" if self._journal.has_keyring
                else "files of mode 0600"
            ),
            "Commands that are remembered": str(len(self._journal.entries())),
        }

    def _entry(self, name: str) -> Entry:
        for entry in self._journal.entries():
            if entry.id == name:
                return entry
        raise JournalError(
            f"nothing is remembered as {name}; "
            f"'{self._program.line('list')}' shows what is"
        )

    def _hold(self, name: str) -> Held:
        self._entry(name)
        held = self._journal.hold(name)
        if held is None:
            raise JournalError(
                f"a command that is running works with {name}; wait for its "
                "end, or end it"
            )
        return held

    def _shown_token(self) -> dict[str, str]:
        if self._token is None:
            raise JournalError(
                "say which command: give its id, or a client token with "
                f"{self._program.option}"
            )
        return _uses("Cloud", self._look_ups(self._token))

    def _look_ups(self, token: ClientToken) -> list[LookUp]:
        return [_look_up(adapter, token) for adapter in self._offered()]

    def _offered(self) -> list[ty.Any]:
        """Return the adapters of those services that the catalog has."""
        return [adapter for adapter in self._adapters if _is_offered(adapter)]


def _is_offered(adapter: ty.Any) -> bool:
    try:
        # One that is there, but does not answer, is not to be left out.
        return adapter.get_endpoint(skip_discovery=True) is not None
    except exceptions.EndpointNotFound:
        return False


def _look_up(adapter: ty.Any, token: ClientToken | None) -> LookUp:
    chosen = ("service_type", "region_name", "interface", "min_version",
              "max_version")  # fmt: skip

    def ask(headers: dict[str, str], query: dict[str, str]) -> ty.Any:
        return adapter.session.request(
            discovery.PATH, "GET", params=query, headers=headers,
            raise_exc=False, auth=adapter.auth,
            endpoint_override=adapter.endpoint_override,
            endpoint_filter={
                name: getattr(adapter, name)
                for name in chosen
                if getattr(adapter, name) is not None
            },
            logger=RedactedLogger(LOGGER, HEADER, token),
        )  # fmt: skip

    return discovery.look_up(ask, token)


def _row(entry: Entry) -> Row:
    unsettled = sum(not post.settled for post in entry.posts)
    return Row(
        entry.id, entry.words, entry.program, entry.host,
        notice.when(entry.created),
        f"{len(entry.posts)}, {unsettled} not settled",
    )  # fmt: skip


def _machine(entry: Entry) -> str:
    if not entry.here:
        return "another host"
    if entry.boot != entries.boot():
        return "this host, before it was started again"
    return "this host"


def _uses(label: str, found: ty.Sequence[LookUp]) -> dict[str, str]:
    if not any(one.keeps_tokens for one in found):
        nobody = found[0] if found else LookUp(keeps_tokens=False)
        return {label: notice.why_not_safe(nobody)}
    uses = [use for one in found for use in one.uses]
    if not uses and not all(one.answered for one in found):
        # The one that is silent may be the one that was asked.
        return {label: "no request with this client token was found, but not "
                "every service answered"}  # fmt: skip
    if not uses:
        return {label: "the cloud knows no request with this client token"}
    rows = {}
    for number, use in enumerate(uses, 1):
        # A line each: side by side they are wider than any terminal.
        said = "\n".join(
            f"{name}: {_text(value)}"
            for name, value in use.items()
            if value not in (None, [])
        )
        rows[f"{label} ({number})" if len(uses) > 1 else label] = said
    return rows


def _text(value: ty.Any) -> str:
    if isinstance(value, list):
        return "; ".join(
            f"{one.get('type')} {one.get('id')}" for one in value
        )
    return str(value)
