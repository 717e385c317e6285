# SPDX-License-Identifier: Apache-2.0
"""Placement: providers, their inventories, and who has allocated them."""

from __future__ import annotations

import typing as ty

import microversion_parse
from oslo_config import cfg
from placement import conf as placement_conf
from placement import db_api
from placement import microversion
from placement import util
from placement import wsgi
from placement.db.sqlalchemy import models
import webob
import webob.exc

from openstack_idempotency.middleware import rebuilding
from openstack_idempotency.middleware.adapter import Adapter
from openstack_idempotency.middleware.adapter import caller_at
from openstack_idempotency.middleware.operation import Case
from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind

_LATEST: ty.Final = "latest"
# From here on, POST /resource_providers shows the provider.
_SHOWS_PROVIDER: ty.Final = (1, 20)

PROVIDER = Kind("resource_provider", models.ResourceProvider, "uuid")
RESOURCE_CLASS = Kind("resource_class", models.ResourceClass, "name")
# These are written by statements. The API names an inventory by its class,
# which the statement knows only by a number.
INVENTORY = Kind("inventory", models.Inventory.__table__, "id")
# A consumer has been committed by then. Where the allocation fails it is
# deleted again, which nobody may do to whom a retry has let allocate.
ALLOCATIONS = Change(
    "allocation",
    (models.Allocation,),
    "consumer_id",
    cleaned=(models.Consumer,),
)
# Each reshaping raises the generations of the providers.
RESHAPING = Change(
    "reshaping",
    (models.ResourceProvider, models.Inventory, models.Allocation),
    cleaned=(models.Consumer,),
)

_PROVIDER_AT: ty.Final = "/resource_providers/{id}"
_CLASS_AT: ty.Final = "/resource_classes/{id}"
_INVENTORIES_AT: ty.Final = "/resource_providers/{uuid}/inventories"


def _provider(case: Case, found: webob.Response) -> webob.Response:
    version = _version_of(case.req)
    if version is None or not version.matches(_SHOWS_PROVIDER):
        found = _empty(201, case.req)
    return rebuilding.located(case, found, _PROVIDER_AT)


def _class(case: Case, found: webob.Response) -> webob.Response:
    answer = _empty(201, case.req)
    return rebuilding.located(case, answer, _CLASS_AT)


def _inventory(case: Case) -> webob.Response | None:
    path = f"{_INVENTORIES_AT}/{case.req.json['resource_class']}"
    show = rebuilding.shown(path, change=_located_inventory)
    return show(case)


def _located_inventory(case: Case, found: webob.Response) -> webob.Response:
    path = f"{_INVENTORIES_AT}/{case.req.json['resource_class']}"
    return rebuilding.located(case, found, path)


def _changed(case: Case) -> webob.Response | None:
    """Return the answer, unless what was to be allocated is not.

    Where Placement fails after it has committed the allocations of a new
    consumer, it deletes the consumer again, and leaves them to nobody.
    """
    given = case.req.json
    # A reshaping has other things, too.
    wanted = given["allocations"] if "inventories" in given else given
    for consumer, of_it in wanted.items():
        found = case.get(f"/allocations/{consumer}")
        there = found is not None and found.json["allocations"]
        if of_it["allocations"] and not there:
            return None
    return _empty(204, case.req)


OPERATIONS: ty.Final = (
    Operation(
        "/resource_providers",
        PROVIDER,
        rebuilding.shown(_PROVIDER_AT, 200, _provider),
    ),
    Operation(
        "/resource_classes",
        RESOURCE_CLASS,
        rebuilding.shown(_CLASS_AT, change=_class),
    ),
    Operation(_INVENTORIES_AT, INVENTORY, _inventory),
    Operation("/allocations", ALLOCATIONS, _changed),
    Operation("/reshaper", RESHAPING, _changed),
)


def _version(headers: ty.Mapping[str, str]) -> str:
    found = microversion_parse.get_version(
        dict(headers), microversion.SERVICE_TYPE
    )
    asked = (found or microversion.min_version_string()).strip().lower()
    if asked == _LATEST:
        return _LATEST
    try:
        return str(microversion_parse.parse_version_string(asked))
    except TypeError:
        return asked  # Placement refuses it


def _version_of(req: webob.Request) -> ty.Any:
    """Return the version of a request as Placement has it, None if it errs."""
    try:
        return microversion_parse.extract_version(
            req.headers, microversion.SERVICE_TYPE, microversion.VERSIONS
        )
    except ValueError:
        return None


def _fault(status: int, message: str, req: webob.Request) -> webob.Response:
    """Return an error as placement.util.json_error_formatter makes it."""
    fault = webob.exc.status_map[status](
        message, json_formatter=util.json_error_formatter
    )
    asked = req.copy_get()
    version = _version_of(req)
    if version is not None:
        asked.environ[microversion.MICROVERSION_ENVIRON] = version
    return _versioned(asked.get_response(fault), req)


def _empty(status: int, req: webob.Request) -> webob.Response:
    return _versioned(rebuilding.bare(status), req)


def _versioned(answer: webob.Response, req: webob.Request) -> webob.Response:
    # Placement's own middleware for it comes behind the filter.
    version = _version_of(req)
    if version is not None:
        name = microversion_parse.STANDARD_HEADER
        answer.headers[name] = f"{microversion.SERVICE_TYPE} {version}"
        answer.headers["vary"] = name
    return answer


def _conf() -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    placement_conf.register_opts(conf)
    return conf


def _load(conf: cfg.ConfigOpts, arguments: ty.Sequence[str]) -> None:
    conf(
        arguments,
        project="placement",
        default_config_files=wsgi._get_config_files(),
    )
    db_api.configure(conf)


ADAPTER: ty.Final = Adapter(
    name="placement",
    database=lambda: db_api.placement_context_manager,
    options="placement_database",
    conf=_conf,
    load=_load,
    context=caller_at("placement.context"),
    fault=_fault,
    operations=OPERATIONS,
    turn_off="let the WSGI server load placement.wsgi.api again",
    version=_version,
    places={
        PROVIDER.name: _PROVIDER_AT,
        RESOURCE_CLASS.name: _CLASS_AT,
        ALLOCATIONS.name: "/allocations/{id}",
    },
)
