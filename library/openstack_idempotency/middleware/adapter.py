# SPDX-License-Identifier: Apache-2.0
"""What the filter has to know of a service."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import typing as ty

from oslo_config import cfg
from oslo_context.context import RequestContext
import webob

from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.sql.kinds import Kind

#: The group of entry points that name the adapters, by their services.
ENTRY_POINTS: ty.Final = "openstack_idempotency.adapter"

Environ = dict[str, ty.Any]
Context = ty.Callable[[Environ], RequestContext | None]


class Unknown(Exception):
    """No adapter of this name is installed; the text says which are."""


def _no_version(headers: ty.Mapping[str, str]) -> str:
    return ""


def _as_it_is(path: str) -> str:
    return path


def caller_at(key: str) -> Context:
    """Return a function that gives a request's context, if it has a caller.

    :param key: where the service's filter puts its context
    """

    def context(environ: Environ) -> RequestContext | None:
        found: RequestContext | None = environ.get(key)
        return found if found is not None and found.user_id else None

    return context


def version_in(
    header: str, service: str, least: str
) -> ty.Callable[[ty.Mapping[str, str]], str]:
    """Return a function that gives the version that a header asks for.

    :param header: its name; its value is like ``volume 3.70, compute 2.1``
    :param service: the service's name there
    :param least: the version of requests without the header
    """

    def version(headers: ty.Mapping[str, str]) -> str:
        given = headers.get(header)
        if given is None:
            return least
        for one in given.split(","):
            name, _, asked = one.strip().partition(" ")
            if name == service:
                return asked.strip()
        return given  # the service refuses it

    return version


def _nothing() -> None:
    pass


@dataclasses.dataclass(frozen=True)
class Adapter:
    """A service, as the filter and the operators' command see it.

    :param name: the service's name
    :param database: returns enginefacade's context manager of its database
    :param options: the option group that names the database
    :param conf: returns its configuration, to which a command adds options
    :param load: loads the configuration as a command line says, and makes the
        database usable
    :param context: returns a request's context, from the WSGI environment;
        None if there is no caller yet
    :param fault: makes an error in the service's own form from a status and a
        message
    :param operations: its POSTs
    :param turn_off: how to turn client tokens off, for messages
    :param prefix: the version that paths still begin with at the filter
    :param version: returns the API version that headers ask for, in a normal
        form
    :param normal: returns the form that a path below the version has in the
        operations, if the API accepts it in several
    :param places: where the API shows the resources of a kind: a path with
        ``{id}``, by the kind's name
    :param prepare: does what the service leaves to a process's first request:
        if several come at once, it refuses some of them
    """

    name: str
    database: ty.Callable[[], ty.Any]
    options: str
    conf: ty.Callable[[], cfg.ConfigOpts]
    load: ty.Callable[[cfg.ConfigOpts, ty.Sequence[str]], None]
    context: Context
    fault: ty.Callable[[int, str, webob.Request], webob.Response]
    operations: tuple[Operation, ...]
    turn_off: str
    prefix: str = ""
    version: ty.Callable[[ty.Mapping[str, str]], str] = _no_version
    normal: ty.Callable[[str], str] = _as_it_is
    places: ty.Mapping[str, str] = dataclasses.field(default_factory=dict)
    prepare: ty.Callable[[], None] = _nothing

    def path(self, environ: Environ) -> str:
        """Return a request's path below the version, as operations have it.

        :param environ: the request
        """
        segments = [*filter(None, environ.get("PATH_INFO", "").split("/"))]
        prefix = [*filter(None, self.prefix.split("/"))]
        if segments[: len(prefix)] == prefix:
            del segments[: len(prefix)]
        return self.normal("/" + "/".join(segments))

    def caller(self, environ: Environ) -> RequestContext:
        """Return the context of a request that is known to have a caller.

        :param environ: the request
        """
        return ty.cast("RequestContext", self.context(environ))

    @property
    def lasting(self) -> tuple[Kind, ...]:
        """The kinds by which tokens last (protocol section 6)."""
        return tuple(kind for kind in self.kinds if kind.lasting)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of resources that it binds."""
        kinds = dict.fromkeys(row.kind for row in self.operations)
        return tuple(kind for kind in kinds if isinstance(kind, Kind))


def load(name: str) -> Adapter:
    """Return the adapter of a service, and import the service only now.

    :param name: the service's name
    :raises Unknown: none of this name is installed
    """
    found = importlib.metadata.entry_points(group=ENTRY_POINTS)
    if name not in found.names:
        raise Unknown(
            f"There is no adapter for {name!r}. There is one for "
            f"{', '.join(sorted(found.names)) or 'no service'}."
        )
    adapter: Adapter = found[name].load()
    return adapter
