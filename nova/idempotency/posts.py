# SPDX-License-Identifier: Apache-2.0
"""The POSTs of the compute API, as found in its routes and controllers.

A POST is identified by the path of its route and, where that path has several
actions, by the action. Both are part of the API, so they are stable; Nova's
classes and methods are not.
"""

from __future__ import annotations

import dataclasses
import typing as ty

from nova.api.openstack import wsgi
from nova.idempotency import releases

# Nova maps each path twice, the second time with a project in front.
_PROJECT = "/{project_id:"
# Routes with this action choose the method by the key of the body.
_ACTION = "action"


@dataclasses.dataclass(frozen=True)
class Post:
    """A POST, and the place where its method is found.

    :param path: the path of its route, without version and project
    :param action: the key of the body, where the path has several actions
    :param resource: Nova's wrapper of the controller
    :param controller: the controller whose method it is
    :param name: the method's name
    """

    path: str
    action: str | None
    resource: wsgi.Resource
    controller: wsgi.Controller
    name: str

    @property
    def methods(self) -> tuple[releases.Method, ...]:
        """What may be called: one method, or one of several."""
        chosen = releases.choices(self.controller, self.name)
        return chosen or (self._method,)

    @property
    def _method(self) -> releases.Method:
        method: releases.Method
        if self.action is None:
            method = getattr(self.controller, self.name)
        else:
            method = self.resource.wsgi_actions[self.action]
        return method

    def change(self, how: releases.Change) -> None:
        """Let the router call another method here, and nowhere else.

        :param how: takes the present method and returns the new one
        """
        if releases.choices(self.controller, self.name):
            releases.change_choices(self.controller, self.name, how)
        elif self.action is None:
            setattr(self.controller, self.name, how(self._method))
        else:
            self.resource.wsgi_actions[self.action] = how(self._method)


def offered(mapper: ty.Any) -> ty.Iterator[Post]:
    """Yield each POST of a router once.

    :param mapper: the router's map of routes
    """
    for route in mapper.matchlist:
        methods = (route.conditions or {}).get("method", ())
        if "POST" not in methods or route.routepath.startswith(_PROJECT):
            continue
        resource = route.defaults["controller"]
        name = route.defaults["action"]
        if name != _ACTION:
            controller = resource.controller
            yield Post(route.routepath, None, resource, controller, name)
            continue
        places = _places(resource)
        for action in resource.wsgi_actions:
            place = places.get(action, (resource.controller, name))
            yield Post(route.routepath, action, resource, *place)


def _places(
    resource: wsgi.Resource,
) -> dict[str, tuple[wsgi.Controller, str]]:
    """Return each action's controller and method, the last one if several."""
    return {
        action: (controller, name)
        for controller in (resource.controller, *resource.sub_controllers)
        for action, name in getattr(controller, "wsgi_actions", {}).items()
    }


def asked(req: wsgi.Request, body: ty.Any) -> tuple[str, str | None]:
    """Return the path and the action of a POST, as :class:`Post` has them.

    :param req: a request that Nova has routed
    :param body: its body
    """
    path = req.environ["routes.route"].routepath
    if path.startswith(_PROJECT):
        path = path[path.index("/", 1) :]
    named = req.environ["wsgiorg.routing_args"][1]["action"]
    return path, next(iter(body)) if named == _ACTION else None


def called(req: wsgi.Request, body: ty.Any) -> releases.Method | None:
    """Return the method that Nova calls for a request, None if it has none.

    It has the attributes of all its decorators; Nova reads them there.
    Source: nova.api.openstack.wsgi.Resource._get_method.

    :param req: a request that Nova has routed
    :param body: its body
    """
    named = req.environ["wsgiorg.routing_args"][1]
    resource: wsgi.Resource = named["controller"]
    name = named["action"]
    method = releases.chosen(resource.controller, name, req)
    if method is None:
        method = getattr(resource.controller, name, None)
    if method is None:
        _, action = asked(req, body)
        method = resource.wsgi_actions.get(action or name)
    return method
