# SPDX-License-Identifier: Apache-2.0
"""Glance: images, who may use them, and what their properties mean."""

from __future__ import annotations

from functools import partial
import typing as ty

from glance.common import config
from glance.common import wsgi_app
from glance.db.sqlalchemy import api
from glance.db.sqlalchemy import models
from glance.db.sqlalchemy import models_metadef as metadef
from oslo_config import cfg
from oslo_db import options
from oslo_utils import strutils
import webob
import webob.exc

from openstack_idempotency.middleware import rebuilding
from openstack_idempotency.middleware.adapter import Adapter
from openstack_idempotency.middleware.adapter import Environ
from openstack_idempotency.middleware.operation import Case
from openstack_idempotency.middleware.operation import Operation
from openstack_idempotency.middleware.operation import Rebuild
from openstack_idempotency.middleware.rebuilding import chosen
from openstack_idempotency.middleware.rebuilding import shown
from openstack_idempotency.sql.kinds import Change
from openstack_idempotency.sql.kinds import Kind

CONF: cfg.ConfigOpts = cfg.CONF

_PREFIX: ty.Final = "/v2"
_OF_IMAGE: ty.Final = "/images/{image_id}"
_NAMESPACES: ty.Final = "/metadefs/namespaces"
_AT: ty.Final = {
    "image": "/images/{id}",
    "task": "/tasks/{id}",
    "metadef_namespace": f"{_NAMESPACES}/{{id}}",
}
_OF_NAMESPACE: ty.Final = f"{_NAMESPACES}/{{namespace}}"
_CACHE: ty.Final = "it changes files of this host's cache"
_MEMBERS: ty.Final = f"{_OF_IMAGE}/members"
_ASSOCIATIONS: ty.Final = "resource_type_associations"
_PARTS: ty.Final = ("objects", "properties", "tags", _ASSOCIATIONS)
_OBJECTS: ty.Final = f"{_OF_NAMESPACE}/objects"
_PROPERTIES: ty.Final = f"{_OF_NAMESPACE}/properties"
_TAGS: ty.Final = f"{_OF_NAMESPACE}/tags"
_TYPES: ty.Final = f"{_OF_NAMESPACE}/resource_types"
# Glance names a type even where there is no body.
_HTML: ty.Final = "text/html"
_DONE: ty.Final = rebuilding.empty(204, _HTML)
# The states of a task that nobody works on.
_ENDED: ty.Final = ("success", "failure")


def _kind(name: str, model: ty.Any, attribute: str, *later: ty.Any) -> Kind:
    # All of them can be deleted for good, and made again with the same key.
    return Kind(name, model, attribute, later=later, incarnation="created_at")


IMAGE = _kind("image", models.Image, "id", models.ImageTag)
TASK = _kind("task", models.Task, "id")
IMPORT = _kind("image_import", models.Task, "id")
LOCATION = _kind("image_location", models.Task, "id")
# Who was a member before gets the old row again.
MEMBER = Change("image_member", (models.ImageMember,))
STATUS = Change("image_status", (models.Image,))
OBJECT = _kind("metadef_object", metadef.MetadefObject, "name")
PROPERTY = _kind("metadef_property", metadef.MetadefProperty, "name")
TAG = _kind("metadef_tag", metadef.MetadefTag, "name")
# The API names it by its resource type, of which the row has a number.
ASSOCIATION = _kind(
    "metadef_resource_type", metadef.MetadefNamespaceResourceType,
    "resource_type_id",
)  # fmt: skip
NAMESPACE = _kind(
    "metadef_namespace",
    metadef.MetadefNamespace,
    "namespace",
    *(kind.model for kind in (OBJECT, PROPERTY, TAG, ASSOCIATION)),
)


def _image(case: Case, found: webob.Response) -> webob.Response:
    """Add what the POST tells of the cloud, as the GET does not."""
    for name, values in (
        ("OpenStack-image-import-methods", CONF.enabled_import_methods),
        ("OpenStack-image-store-ids", CONF.enabled_backends),
    ):
        if values:
            found.headers[name] = ",".join(values)
    return found


def _ended(case: Case, found: webob.Response) -> webob.Response | None:
    # Until then nobody can tell: the process in which it runs may be gone.
    return found if found.json["status"] in _ENDED else None


def _started(case: Case) -> webob.Response | None:
    found = case.get(rebuilding.named(f"{_OF_IMAGE}/tasks", case))
    tasks = [] if found is None else found.json["tasks"]
    made = [task for task in tasks if task["id"] == case.resources[0].id]
    ended = any(task["status"] in _ENDED for task in made)  # see _ended()
    return rebuilding.bare(202, _HTML) if ended else None


def _one(
    case: Case, there: list[ty.Any], key: str = "name", asked: str = "name"
) -> ty.Any:
    """Return the item of a list that the body of the POST names."""
    wanted = case.req.json[asked]
    return next((one for one in there if one[key] == wanted), None)


_member: ty.Final = partial(_one, key="member_id", asked="member")


def _tags(case: Case, there: list[ty.Any]) -> ty.Any:
    made = [resource.id for resource in case.resources]
    tags = [tag for name in made for tag in there if tag["name"] == name]
    return {"tags": tags} if len(tags) == len(made) else None


def _shown(
    kind: Kind, change: rebuilding.Change | None = None, *parts: str
) -> Rebuild:
    path = _AT[kind.name]
    at = f"{_PREFIX}{path}"
    return shown(path, change=change, location=at, parts=parts)


OPERATIONS: ty.Final = (
    Operation("/images", IMAGE, _shown(IMAGE, _image, "tags")),
    Operation(f"{_OF_IMAGE}/import", IMPORT, _started),
    Operation(f"{_OF_IMAGE}/locations", LOCATION, _started),
    Operation(_MEMBERS, MEMBER, chosen(_MEMBERS, "members", _member, 200)),
    *(
        Operation(f"{_OF_IMAGE}/actions/{action}", STATUS, _DONE)
        for action in ("deactivate", "reactivate")
    ),
    Operation("/tasks", TASK, _shown(TASK, _ended)),
    *(Operation(f"/cache/{what}", why=_CACHE) for what in ("clean", "prune")),
    Operation(_NAMESPACES, NAMESPACE, _shown(NAMESPACE, None, *_PARTS)),
    Operation(_OBJECTS, OBJECT, shown(f"{_OBJECTS}/{{id}}")),
    Operation(_PROPERTIES, PROPERTY, shown(f"{_PROPERTIES}/{{id}}")),
    Operation(_TYPES, ASSOCIATION, chosen(_TYPES, _ASSOCIATIONS, _one)),
    Operation(_TAGS, TAG, chosen(_TAGS, "tags", _tags)),
    Operation(f"{_TAGS}/{{tag_name}}", TAG, shown(f"{_TAGS}/{{id}}")),
)


def _context(environ: Environ) -> ty.Any:
    # Where WebOb keeps what is set on requests, which Glance's filter does.
    context = environ.get("webob.adhoc_attrs", {}).get("context")
    return None if context is None or context.user_id is None else context


def _version(headers: ty.Mapping[str, str]) -> str:
    """Return what headers add to a request; Glance has no versions."""
    append = strutils.bool_from_string(headers.get("X-Openstack-Append"))
    store = headers.get("X-Image-Meta-Store")
    return ("append " if append else "") + (f"to {store}" if store else "")


def _fault(status: int, message: str, req: webob.Request) -> webob.Response:
    """Return an error as Glance's own leave it: WebOb's, mostly in HTML."""
    fault = webob.exc.status_map[status](explanation=message)
    return req.copy_get().get_response(fault)


def _conf() -> cfg.ConfigOpts:
    config.set_config_defaults()
    return CONF


def _load(conf: cfg.ConfigOpts, arguments: ty.Sequence[str]) -> None:
    files = wsgi_app._get_config_files()
    conf(arguments, project="glance", default_config_files=files)


# Glance itself does so when it first uses its database.
CONF.register_opts(options.database_opts, "database")

ADAPTER: ty.Final = Adapter(
    name="glance",
    database=api._get_main_context_manager,
    options="database",
    conf=_conf,
    load=_load,
    context=_context,
    fault=_fault,
    operations=OPERATIONS,
    turn_off="take the filter out of glance-api-paste.ini",
    prefix=_PREFIX,
    version=_version,
    places=_AT,
)
