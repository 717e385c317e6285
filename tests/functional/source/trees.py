# SPDX-License-Identifier: Apache-2.0
"""A small source tree: of the installed Nova, only what the patch reads."""

from __future__ import annotations

import importlib.metadata
import pathlib
import shutil
import subprocess

import fixtures

import nova
from nova.idempotency.source import lookup
from nova.idempotency.source import reference
from nova.idempotency.source import registration
from nova.idempotency.source.tree import ROUTES

_INSTALLED = pathlib.Path(nova.__file__).parent
_CONTROLLERS = ROUTES.rpartition("/")[0]

_FILES = {
    "requirements.txt": "pbr>=5.8.0 # Apache-2.0\n",
    "pyproject.toml": (
        '[project.scripts]\nnova-conductor = "nova.cmd.conductor:main"\n\n'
        '[project.entry-points."oslo.config.opts"]\n'
        '"nova.conf" = "nova.conf.opts:list_opts"\n'
    ),
    reference.INDEX: (
        ".. include:: request-ids.inc\n"
        ".. include:: os-availability-zone.inc\n"
        ".. include:: a.inc\n"
    ),
    reference.PARAMETERS: (
        "# variables in header\nimage_location:\n  in: header\n"
        "x-compute-request-id_resp:\n  in: header\n"
        "# variables in query\nchanges-since:\n  in: query\n"
        "limit:\n  in: query\n"
        "# variables in body\nconfig_drive:\n  in: body\n\n"
        "# What it is for.\nbinary:\n  in: body\n"
        "code:\n  in: body\n"
    ),
    f"{reference.FOLDER}/a.inc": """\
Stop Server (os-stop Action)
============================

.. rest_method:: POST /servers/{server_id}/action

Request
-------

.. rest_parameters:: parameters.yaml

  - server_id: server_id_path

Response
--------

  - none: none

Show Console Output (os-getConsoleOutput Action)
================================================

.. rest_method:: POST /servers/{server_id}/action

Request
-------

  - server_id: server_id_path

Show Keypair
============

.. rest_method:: GET /os-keypairs/{name}

Request
-------

  - name: name

Create Keypair
==============

.. rest_method:: POST /os-keypairs

Request
-------

  - keypair: keypair
""",
}


class SmallTree(fixtures.Fixture):
    """The tree; its version is that of the installed Nova.

    :param version: another version
    """

    def __init__(self, version: str | None = None) -> None:
        self._version = version or importlib.metadata.version("nova")

    def _setUp(self) -> None:
        folder = self.useFixture(fixtures.TempDir()).path
        self.root = pathlib.Path(folder) / "nova-tree"
        self.output = pathlib.Path(folder) / "out" / "nova.patch"
        self.output.parent.mkdir()
        for path in (
            lookup.POLICIES,
            lookup.POLICY_TESTS,
            registration.CONF,
            registration.MIDDLEWARE,
        ):
            self.write(path, (_INSTALLED.parent / path).read_text())
        shutil.copytree(
            _INSTALLED.parent / _CONTROLLERS,
            self.root / _CONTROLLERS,
            ignore=shutil.ignore_patterns("__pycache__", "schemas"),
        )
        for path, text in _FILES.items():
            self.write(path, text)
        self.write("PKG-INFO", f"Name: nova\nVersion: {self._version}\n")

    def write(self, path: str, text: str) -> None:
        """Write a file of the tree.

        :param path: its path below the top folder
        :param text: its text
        """
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def change(self, path: str, old: str, new: str) -> None:
        """Change a file of the tree.

        :param path: its path below the top folder
        :param old: what stands there once or more
        :param new: what stands there then
        """
        text = (self.root / path).read_text()
        assert old in text, (path, old)
        self.write(path, text.replace(old, new))

    def contents(self) -> dict[str, bytes]:
        """Return the files of the tree."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }

    def apply(self, patch: pathlib.Path) -> None:
        """Apply a patch as its users do.

        :param patch: its file
        """
        for command in (
            ("git", "init", "--quiet"),
            ("git", "apply", "--whitespace=error", str(patch)),
        ):
            subprocess.run(
                command, cwd=self.root, check=True, capture_output=True
            )
