# SPDX-License-Identifier: Apache-2.0
"""Which files of a tree the patch changes, and which it adds."""

from __future__ import annotations

import collections
import itertools
import typing as ty

from nova.api import compute_req_id
from nova.idempotency import operations
from nova.idempotency.source import decoration
from nova.idempotency.source import lookup
from nova.idempotency.source import order
from nova.idempotency.source import reference
from nova.idempotency.source import registration
from nova.idempotency.source import templates
from nova.idempotency.source import vendoring
from nova.idempotency.source.patch import Change
from nova.idempotency.source.routes import Place
from nova.idempotency.source.routes import Routes
from nova.idempotency.source.tree import ROUTES
from nova.idempotency.source.tree import Tree
from nova.idempotency.source.tree import Unfit
from openstack_idempotency.wsgi import browsers

#: What a Nova that does not carry our modules requires.
REQUIREMENT = "nova-idempotency>=0.1.0 # Apache-2.0"
#: What our modules need that Nova does not require, where it carries them.
CARRIED_REQUIREMENTS = (
    "prometheus-client>=0.21.0 # Apache-2.0",
    "rich>=13.9.0 # MIT",
)

SAMPLE = "doc/api_samples/os-client-tokens/client-tokens-get-resp.json"
NOTE = "releasenotes/notes/client-tokens-6f1d0c5b7a92e384.yaml"
TESTS = "nova/tests/unit/api/openstack/compute/test_idempotent.py"

_TABLES = "openstack_idempotency.sql"
_LOOKUP_PARAMETERS = "client-token-parameters.yaml"


class Carried:
    """What becomes of a tree.

    :param tree: the tree
    :param vendored: whether our modules become part of it
    :raises Unfit: it cannot be patched
    """

    def __init__(self, tree: Tree, *, vendored: bool) -> None:
        self._tree = tree
        self._vendored = vendored
        self.release = tree.release()
        self._routes = Routes(tree)
        self._table = [
            row
            for row in operations.OPERATIONS
            if row.left_out is None
            and (row.until is None or row.until >= self.release)
        ]
        self.places = self._routes.places(self._table)

    def unknown(self) -> list[str]:
        """Return the POSTs of the tree that are not in our table."""
        return [
            str(operations.Operation(*post))
            for post in self._routes.posts()
            if operations.find(*post) is None
        ]

    def changes(self) -> list[Change]:
        """Return what becomes of each file.

        :raises Unfit: the tree cannot be patched
        """
        changed = itertools.chain(
            self._controllers(),
            self._looked_up(),
            self._registered(),
            self._described(),
        )
        changes = [
            Change(path, self._tree.read(path), after)
            for path, after in changed
        ]
        return changes + [self._new(*each) for each in self._added()]

    def _new(self, path: str, text: str) -> Change:
        if self._tree.has(path):
            raise Unfit(
                f"The tree has {path}, which the patch would add. Take a tree "
                "without the patch."
            )
        return Change(path, None, text)

    def _controllers(self) -> ty.Iterator[tuple[str, str]]:
        places = collections.defaultdict(list)
        for place in self.places:
            places[place.path].append(place)
        for path, there in places.items():
            yield path, decoration.decorated(self._routes.module(path), there)

    def _looked_up(self) -> ty.Iterator[tuple[str, str]]:
        for path, change in (
            (ROUTES, lookup.with_route),
            (lookup.POLICIES, lookup.with_rules),
            (lookup.POLICY_TESTS, lookup.with_tested_rules),
        ):
            yield path, change(self._routes.module(path))

    def _registered(self) -> ty.Iterator[tuple[str, str]]:
        read = self._tree.read
        conf = self._routes.module(registration.CONF)
        yield conf.path, registration.with_options(conf)
        middleware = self._routes.module(registration.MIDDLEWARE)
        yield (
            middleware.path,
            registration.with_headers(
                middleware,
                browsers.SENT,
                (*browsers.SEEN, compute_req_id.HTTP_RESP_HEADER_REQUEST_ID),
            ),
        )
        if self._vendored:
            yield self._entry_points()
        needed = CARRIED_REQUIREMENTS if self._vendored else (REQUIREMENT,)
        path = registration.REQUIREMENTS
        lines = "\n".join(needed)
        yield path, registration.with_requirement(read(path), lines)

    def _entry_points(self) -> tuple[str, str]:
        for path in filter(self._tree.has, registration.ENTRY_POINTS):
            text = self._tree.read(path)
            if registration.has_entry_points(text):
                return path, registration.with_entry_points(path, text)
        raise Unfit(
            f"Neither of {' and '.join(registration.ENTRY_POINTS)} lists the "
            "commands of Nova. Repair the tree."
        )

    def _described(self) -> ty.Iterator[tuple[str, str]]:
        read = self._tree.read
        parameters = "".join(
            map(templates.read, ("parameters.yaml", _LOOKUP_PARAMETERS))
        )
        path = reference.PARAMETERS
        yield path, reference.with_parameters(read(path), parameters)
        path = reference.INDEX
        yield path, reference.with_sections(read(path))
        for path in self._tree.below(reference.FOLDER, "*.inc"):
            yield path, reference.with_header(read(path), self._table)

    def _added(self) -> ty.Iterator[tuple[str, str]]:
        yield reference.HEADERS, templates.read("client-tokens.inc")
        # Nova has all parameters in one file.
        described = templates.read("os-client-tokens.inc").replace(
            _LOOKUP_PARAMETERS, reference.PARAMETERS.rpartition("/")[2]
        )
        yield reference.LOOKUP, described
        yield SAMPLE, templates.read(SAMPLE.rpartition("/")[2])
        more = "" if self._vendored else "note-requirement.yaml"
        yield (
            NOTE,
            templates.filled(
                "note.yaml", more=templates.read(more) if more else ""
            ),
        )
        yield TESTS, self._tests()
        if self._vendored:
            yield from vendoring.files().items()

    def _tests(self) -> str:
        there = vendoring.renamed if self._vendored else str
        methods = "".join(
            f"    '{name}',\n" for name in sorted(map(_named, self.places))
        )
        text = templates.filled(
            "test_idempotent.py.in",
            licence=templates.read("licence"),
            methods=methods,
            tables_import=there(f"from {_TABLES} import tables"),
        )
        return order.sorted_(text)


def _named(place: Place) -> str:
    """Return a method's name below the package of the controllers."""
    folder = ROUTES.rpartition("/")[0]
    module = place.path.removeprefix(f"{folder}/").removesuffix(".py")
    return f"{module.replace('/', '.')}.{place.controller}.{place.method}"
