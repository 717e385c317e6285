# SPDX-License-Identifier: Apache-2.0
"""A request for each of Glance's POSTs."""

from __future__ import annotations

import functools
import typing as ty

from tests.services.base import some
from tests.services.glance import world
from tests.services.sample import Ask
from tests.services.sample import Sample
from tests.services.sample import Wanted

_NAMESPACES: ty.Final = "/metadefs/namespaces"
_DATA: ty.Final = b"the data of an image"


def image(ask: Ask, **properties: ty.Any) -> str:
    """Make an image without data, and return its path."""
    body = {"disk_format": "raw", "container_format": "bare", **properties}
    made = ask("POST", "/images", {"name": some("image"), **body})
    return f"/images/{made['id']}"


def active(ask: Ask) -> str:
    """Make an image with data, and return its path."""
    path = image(ask)
    ask("PUT", f"{path}/file", _DATA)
    return path


def namespace(ask: Ask) -> str:
    """Make a namespace of definitions, and return its path."""
    name = some("namespace")
    ask("POST", _NAMESPACES, {"namespace": name})
    return f"{_NAMESPACES}/{name}"


def _image(ask: Ask) -> Wanted:
    body = {"name": some("image"), "of_tests": "yes", "tags": ["one"]}
    return Wanted("/images", body, body | {"name": some("image")})


def _import(ask: Ask) -> Wanted:
    path = image(ask)
    ask("PUT", f"{path}/stage", _DATA)
    return Wanted(
        f"{path}/import",
        {"method": {"name": "glance-direct"}},
        {"method": {"name": "web-download", "uri": "http://192.0.2.1/"}},
    )


def _location(ask: Ask) -> Wanted:
    _, glance = world.glance()
    file = glance.folder / "images" / some("of another")
    file.write_bytes(_DATA)
    url = f"file://{file}"
    return Wanted(f"{image(ask)}/locations", {"url": url}, {"url": f"{url}-2"})


def _member(ask: Ask) -> Wanted:
    path = f"{image(ask, visibility='shared')}/members"
    return Wanted(path, {"member": some("project")}, {"member": "another"})


def _deactivate(ask: Ask) -> Wanted:
    return Wanted(f"{active(ask)}/actions/deactivate", None, {"other": 1})


def _reactivate(ask: Ask) -> Wanted:
    path = f"{active(ask)}/actions"
    ask("POST", f"{path}/deactivate")
    return Wanted(f"{path}/reactivate", None, {"other": 1})


def _task(ask: Ask) -> Wanted:
    # It lacks what else an import needs, so it fails at once.
    given = {"import_from": "http://192.0.2.1/"}
    body = {"type": "import", "input": given}
    return Wanted("/tasks", body, body | {"input": given | {"more": 1}})


def _clean(ask: Ask) -> Wanted:
    _, glance = world.glance()
    (glance.folder / "cache" / "invalid" / some("file")).write_bytes(_DATA)
    return Wanted("/cache/clean", None, {"other": 1})


def _prune(ask: Ask) -> Wanted:
    # Whoever reads an image has it cached.
    ask("GET", f"{active(ask)}/file")
    return Wanted("/cache/prune", None, {"other": 1})


def _namespace(ask: Ask) -> Wanted:
    body = {"namespace": some("namespace"), "description": "of tests"}
    other = body | {"description": "of other tests"}
    return Wanted(_NAMESPACES, body, other)


def _of_namespace(what: str, ask: Ask, **more: ty.Any) -> Wanted:
    body = {"name": some(what), **more}
    path = f"{namespace(ask)}/{what}"
    return Wanted(path, body, body | {"name": some(what)})


def _tags(ask: Ask) -> Wanted:
    path = f"{namespace(ask)}/tags"
    ask("POST", path, {"tags": [{"name": some("before")}]})
    body = {"tags": [{"name": some("tag")}]}
    return Wanted(path, body, {"tags": []})


def _tag(ask: Ask) -> Wanted:
    return Wanted(f"{namespace(ask)}/tags/{some('tag')}", None, {"other": 1})


def _sample(
    given: ty.Any, table: str, *lost: str, unfinished: bool = False
) -> Sample:
    effect = f"INSERT {table}"
    return Sample(given, effect, table, lost=lost, unfinished=unfinished)


def _of_tasks(given: ty.Any) -> Sample:
    return Sample(
        given,
        "INSERT tasks",
        "tasks",
        # It goes on after its answer.
        lost=("status", "message", "updated_at", "expires_at"),
        unfinished=True,
    )


SAMPLES: ty.Final = {
    # Its tags are committed after it.
    "/images": _sample(_image, "images", unfinished=True),
    "/images/{image_id}/import": _of_tasks(_import),
    "/images/{image_id}/locations": _of_tasks(_location),
    "/images/{image_id}/members": _sample(_member, "image_members"),
    "/images/{image_id}/actions/deactivate": Sample(
        _deactivate, "UPDATE images", "images"
    ),
    "/images/{image_id}/actions/reactivate": Sample(
        _reactivate, "UPDATE images", "images"
    ),
    "/tasks": _of_tasks(_task),
    "/cache/clean": Sample(_clean, "REMOVE invalid", "cached_images"),
    "/cache/prune": Sample(_prune, "DELETE cached_images", "cached_images"),
    _NAMESPACES: _sample(_namespace, "metadef_namespaces"),
    f"{_NAMESPACES}/{{namespace}}/objects": _sample(
        functools.partial(_of_namespace, "objects"),
        "metadef_objects",
        # Only a GET shows them where they are empty.
        "properties",
        "required",
    ),
    f"{_NAMESPACES}/{{namespace}}/properties": _sample(
        functools.partial(
            _of_namespace, "properties", type="string", title="Of tests"
        ),
        "metadef_properties",
    ),
    f"{_NAMESPACES}/{{namespace}}/resource_types": _sample(
        functools.partial(_of_namespace, "resource_types"),
        "metadef_namespace_resource_types",
    ),
    f"{_NAMESPACES}/{{namespace}}/tags": _sample(_tags, "metadef_tags"),
    f"{_NAMESPACES}/{{namespace}}/tags/{{tag_name}}": _sample(
        _tag, "metadef_tags"
    ),
}
