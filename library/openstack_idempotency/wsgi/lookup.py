# SPDX-License-Identifier: Apache-2.0
"""The look-up of client tokens, GET /os-client-tokens: protocol section 8.

A service reads the query, asks its policy, and gives the answer its form; who
may see what, and what is shown, is decided here.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as ty

from openstack_idempotency.engine.lookup import Lookup
from openstack_idempotency.protocol import errors
from openstack_idempotency.protocol import token
from openstack_idempotency.protocol.record import Resource
from openstack_idempotency.protocol.scope import Scope
from openstack_idempotency.protocol.standing import Found
from openstack_idempotency.protocol.standing import Standing
from openstack_idempotency.protocol.standing import standing
from openstack_idempotency.sql import looking
from openstack_idempotency.sql.looking import Listed
from openstack_idempotency.sql.looking import Page
from openstack_idempotency.sql.store import SqlTokenStore

#: The path of the look-up, below the API's version.
COLLECTION: ty.Final = "os-client-tokens"
#: The headers of an answer that says that the table is out of reach.
AGAIN: ty.Final = {"Retry-After": str(errors.Unavailable.retry_after)}

_ID = re.compile(r"[\0-\uffff]{0,255}")  # what MariaDB's utf8mb3 can hold
View = dict[str, ty.Any]
Links = ty.Callable[[Resource], list[View]]


class BadQuery(Exception):
    """The query cannot be answered; the text says what to change."""


@dataclasses.dataclass(frozen=True)
class Promise:
    """What the look-up promises to every caller: protocol section 8.

    :param token_ttl: seconds that a token lives
    :param retry_safe: whether the operator says that every host keeps tokens
    """

    token_ttl: int
    retry_safe: bool = False


@dataclasses.dataclass(frozen=True)
class Query:
    """What a request asks for.

    :param page: which part of a list
    :param wait: seconds to wait for the first request, None without any
    :param everywhere: whether all projects are asked for
    :param project_id: the project that is asked for, if one is
    :param user_id: the user that is asked for, if one is
    """

    page: Page
    wait: int | None = None
    everywhere: bool = False
    project_id: str | None = None
    user_id: str | None = None


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a request says besides its query.

    :param token: its client token, if it has one
    :param may_wait: whether this process can serve others meanwhile
    """

    token: str | None
    may_wait: bool

    @classmethod
    def of(
        cls, environ: ty.Mapping[str, ty.Any], headers: ty.Collection[str]
    ) -> ty.Self:
        """Return what a request says besides its query.

        :param environ: its WSGI environment
        :param headers: the names of the headers that may bear a token
        :raises errors.Invalid: what it bears is no token
        """
        given = token.given(environ, headers)
        return cls(given, environ.get("wsgi.multithread", True))


@dataclasses.dataclass(frozen=True)
class Whose:
    """Whose uses a request asks for.

    :param caller: whose they are, if one caller's; of any domain or system
        scope only where they are the request's own
    :param project_id: all callers' of this project, if not one caller's
    :param user_id: this user's in all projects, if not one caller's
    :param roles: what :func:`standing` is asked with
    """

    caller: Scope | None
    project_id: str | None
    user_id: str | None
    roles: frozenset[str] | None


def whose(
    query: Query,
    own: Scope,
    roles: frozenset[str],
    authorize: ty.Callable[[], None],
) -> Whose:
    """Return whose uses a request asks for.

    :param query: what it asks for
    :param own: the caller
    :param roles: the names of the caller's roles, in lower case
    :param authorize: raises an error of the service's own, unless the caller
        may see the uses of others
    :raises BadQuery: it contradicts itself, or names nobody who can exist
    """
    project_id, user_id = query.project_id, query.user_id
    if "\0" in f"{project_id}{user_id}":  # PostgreSQL's driver would raise
        raise BadQuery("project_id and user_id cannot contain a zero byte.")
    if not all(_ID.fullmatch(one or "") for one in (project_id, user_id)):
        raise BadQuery("No caller has a project_id or a user_id like that.")
    if query.everywhere and project_id is not None:
        raise BadQuery(
            "project_id names one project, and all_projects asks for all: "
            "leave one of them out."
        )
    named = (user_id, project_id)
    mine = {(None, None), (own.user_id, None), (own.user_id, own.project_id)}
    if not query.everywhere and named in mine:
        return Whose(own, None, None, roles)
    authorize()
    if not query.everywhere and project_id is None:
        project_id = own.project_id
    one = project_id is not None and user_id is not None
    caller = Scope(project_id, user_id, "") if one else None
    return Whose(caller, project_id, user_id, None)


@dataclasses.dataclass(frozen=True)
class Desk:
    """Answers look-ups.

    :param lookup: the engine's
    :param tokens: the table of tokens
    :param promise: what every answer promises
    """

    lookup: Lookup
    tokens: SqlTokenStore
    promise: Promise

    def answer(
        self,
        query: Query,
        whose: Whose,
        asked: Asked,
        *,
        links: Links,
        following: ty.Callable[[int], list[View]],
    ) -> tuple[View, dict[str, str]]:
        """Return the body of an answer, and its headers.

        :param query: what is asked for
        :param whose: whose uses
        :param asked: what the request says besides its query
        :param links: gives the links of a resource
        :param following: gives the links of a page, whose marker it is given,
            that another one follows
        :raises BadQuery: the query cannot be answered
        :raises errors.Unavailable: the table cannot be reached
        """
        listed = self.listed(
            query, whose, asked.token, may_wait=asked.may_wait
        )
        shown = self.shown(listed, whose, links)
        if listed.next_marker is not None:
            shown["client_tokens_links"] = following(listed.next_marker)
        return shown, self.again(listed, whose)

    def listed(
        self, query: Query, whose: Whose, token: str | None, *, may_wait: bool
    ) -> Listed:
        """Return the uses of a token, or a page of all.

        :param query: what is asked for
        :param whose: whose uses
        :param token: the client token of the request, if it has one
        :param may_wait: whether this process can serve others meanwhile
        :raises BadQuery: the query cannot be answered
        :raises errors.Unavailable: the table cannot be reached
        """
        if token is None:
            return self._page(query, whose)
        if whose.caller is None:
            raise BadQuery(
                "A client token belongs to one user in one project: with its "
                "header, give user_id and project_id instead of all_projects."
            )
        wait = (query.wait or 0) if may_wait else 0
        uses = self.lookup.uses(token, whose.caller, whose.roles, wait)
        return Listed(uses[: query.page.limit])

    def _page(self, query: Query, whose: Whose) -> Listed:
        if query.wait is not None:
            raise BadQuery(
                "wait is for the uses of one client token: send that in the "
                "header X-Client-Token, or leave wait out."
            )
        if whose.caller is None:
            return self.tokens.everywhere(
                whose.project_id, whose.user_id, query.page
            )
        try:
            return self.tokens.listed(whose.caller, query.page)
        except looking.NoMarker:
            raise BadQuery(
                f"Marker {query.page.marker} could not be found."
            ) from None

    def shown(self, listed: Listed, whose: Whose, links: Links) -> View:
        """Return what is shown of uses, and what the service promises.

        :param listed: the uses
        :param whose: whose they are
        :param links: gives the links of a resource
        :raises errors.Unavailable: the table cannot be reached
        """
        settled = [use.record.id for use in listed.uses if use.settled]
        bound = self.tokens.bound(settled)
        return {
            "client_tokens": [
                self._use(use, whose, bound.get(use.record.id, ()), links)
                for use in listed.uses
            ],
            **dataclasses.asdict(self.promise),
        }

    def again(self, listed: Listed, whose: Whose) -> dict[str, str]:
        """Return the headers that say when another look may tell more.

        :param listed: the uses that are shown
        :param whose: whose they are
        """
        running = any(
            standing(use, whose.roles) is Standing.RUNNING
            for use in listed.uses
        )
        return {"Retry-After": str(self.lookup.pause())} if running else {}

    def _use(
        self,
        use: Found,
        whose: Whose,
        resources: ty.Iterable[Resource],
        links: Links,
    ) -> View:
        stands = standing(use, whose.roles)
        if stands is Standing.FORBIDDEN:
            return {"state": stands.value}
        record, life = use.record, self.promise.token_ttl * 1000
        return {
            "id": record.id,
            "project_id": use.project_id,
            "user_id": use.user_id,
            "target": use.target,
            "state": stands.value,
            "status": record.status,
            "linked": record.linked,
            "resources": [
                {"type": one.kind, "id": one.id, "links": links(one)}
                for one in resources
            ],
            "request_id": record.request_id,
            "created_at": date(use.created_at),
            "expires_at": date(use.lives_until(life)),
        }


def date(milliseconds: int) -> str:
    """Return a time as the look-up shows it.

    :param milliseconds: since the epoch
    """
    moment = datetime.datetime.fromtimestamp(
        milliseconds // 1000, datetime.UTC
    )
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
