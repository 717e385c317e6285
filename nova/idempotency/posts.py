# SPDX-License-Identifier: Apache-2.0
"""The POSTs of the compute API, as its routes and their controllers have them.

A POST is known by the path of its route and, where that path has several
actions, by the action. Both are part of the API, so they last; classes and
methods of Nova come and go.
"""

from __future__ import annotations

import dataclasses
import typing as ty

from nova.api.openstack import wsgi

# Nova gives each path to its mapper twice, the second time behind a project.
_PROJECT = "/{project_id:"
# The name by which a route says that the key of the body names the method.
_ACTION = "action"


@dataclasses.dataclass(frozen=True)
class Post:
    """A POST, and the place at which its method is found.

    :param path: the path of its route, without version and project
    :param action: the key of the body, where the path has several actions
    :param resource: Nova's wrapper of the controller
    :param name: the method's name on the controller, for one without action
    """

    path: str
    action: str | None
    resource: wsgi.Resource
    name: str

    @property
    def method(self) -> ty.Any:
        """The controller's method that is called."""
        if self.action is not None:
            return self.resource.wsgi_actions[self.action]
        return getattr(self.resource.controller, self.name)

    def replace(self, method: ty.Callable[..., ty.Any]) -> None:
        """Let the router call another method, in this place only.

        :param method: the other one
        """
        if self.action is not None:
            self.resource.wsgi_actions[self.action] = method
        else:
            setattr(self.resource.controller, self.name, method)


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
            yield Post(route.routepath, None, resource, name)
            continue
        for action in resource.wsgi_actions:
            yield Post(route.routepath, action, resource, name)


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
