# SPDX-License-Identifier: Apache-2.0
"""The real `nova` and `openstack` commands, run as a user of the stack."""

from __future__ import annotations

from dataclasses import dataclass
import subprocess
import typing as ty

from embedded import environment
from embedded import openrc
from embedded.services.service import script
from embedded.site import Site

SECONDS = 120


@dataclass(frozen=True)
class Answer:
    """How one run of the command ended, and what it printed."""

    status: int
    output: str
    errors: str

    def ending(self) -> str:
        """Say how it ended, and with which complaint if it failed."""
        if self.status == 0:
            return "exit 0"
        complaint = self.errors.strip().splitlines()[-1:] or ["in silence"]
        return f"exit {self.status}: {complaint[0]}"

    def rows(self) -> list[list[str]]:
        """Return the cells of the table that was printed, without borders."""
        return [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in self.output.splitlines()
            if line.startswith("|")
        ]

    def property(self, name: str) -> str:
        """Return a value of a table of properties, or say there is none."""
        values = dict(row for row in self.rows() if len(row) == 2)
        return values.get(name, f"no {name}")


class ClientCommand:
    """Runs a client with arguments as a user would type them."""

    program: ty.ClassVar[str]

    def __init__(
        self, site: Site, who: tuple[str, str] = openrc.DEMO
    ) -> None:
        self._environment = {
            **environment.inherited(),
            **openrc.variables(site, who),
            # What the client remembers belongs to this cloud, and goes with
            # it: none of it into the user's own folder, or keyring.
            "XDG_STATE_HOME": str(site.data("client")),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }

    def run(self, *arguments: str) -> Answer:
        """Run the command to its end."""
        done = subprocess.run(
            script(self.program, *arguments),
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(
        self, arguments: ty.Sequence[str], variables: ty.Mapping[str, str]
    ) -> subprocess.Popen[str]:
        """Start the command, with more variables, and leave it running."""
        return subprocess.Popen(
            script(self.program, *arguments),
            env=self._environment | dict(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


class NovaCommand(ClientCommand):
    """`nova`."""

    program = "nova"


class OpenStackCommand(ClientCommand):
    """`openstack`."""

    program = "openstack"
