# SPDX-License-Identifier: Apache-2.0
"""The base of Glance's tests."""

from __future__ import annotations

import contextlib
import html
import re
import typing as ty

import webob

from tests.services import base
from tests.services.glance import samples
from tests.services.glance import world as worlds

# First: it names the configuration that the service reads when it is loaded.
WORLD, GLANCE = worlds.glance()
ADAPTER = WORLD.adapter
_BODY = re.compile(r"<h1>(.+)</h1>\s*(.+?)<br /><br />", re.DOTALL)


class GlanceTestCase(base.ServiceTestCase):
    world = WORLD
    samples = samples.SAMPLES
    # Tasks go on after their answer.
    moving = {
        "tasks": ("status", "expires_at"),
        "task_info": ("result", "message"),
    }

    def send(self, method: str, *args: ty.Any, **kw: ty.Any) -> webob.Response:
        if method == "PUT":  # what is put are the data of images
            kw["Content-Type"] = "application/octet-stream"
        with GLANCE.tasks_held():
            return super().send(method, *args, **kw)

    @contextlib.contextmanager
    def effects(self) -> ty.Iterator[list[str]]:
        """Collect the files that go from the cache, too."""
        before = GLANCE.cached()
        with super().effects() as seen:
            yield seen
        after = GLANCE.cached()
        gone = [path.parent.name for path in before if path not in after]
        # Whoever asks for tasks marks those whose time has come.
        seen[:] = [one for one in seen if one != "UPDATE tasks"]
        seen += [f"REMOVE {folder}" for folder in gone]

    def fault(self, answer: webob.Response) -> str:
        self.assertEqual("text/html", answer.content_type)
        found = _BODY.search(answer.text)
        assert found is not None, answer.text
        self.assertEqual(answer.status, found[1])
        return html.unescape(found[2])
