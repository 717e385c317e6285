# SPDX-License-Identifier: Apache-2.0
"""Keep a stack up, with its state, until somebody has had enough."""

from __future__ import annotations

import os
from pathlib import Path
import time
import typing as ty

from embedded import cloud
from embedded import openrc
from embedded import progress
from embedded import source
from embedded.platform import Platform
from embedded.secrets import write_private
from embedded.services.service import SCRIPTS
from embedded.site import Site
from embedded.stack import Stack

CHECK_SECONDS = 1.0
ADMIN_FILE = "admin-openrc"

COMMANDS = """
Up. In another terminal, from {directory}:

  . {openrc}
  export PATH="{scripts}:$PATH"

  openstack --os-client-token server create --flavor {flavor} \\
      --image {image} --network {network} my-server
  # Kill it before it prints anything, and run it again: still one server.
  openstack server list
  # The other services know tokens, too.
  openstack --os-client-token volume create --size 1 my-volume

  # With a token of your own, the same command always gets the same answer.
  nova --x-client-token my-token boot --flavor {flavor} --image {image} \\
      --nic net-name={network} my-other-server
  # That token for another request is refused.
  nova --x-client-token my-token boot --flavor {other} --image {image} \\
      --nic net-name={network} my-other-server

The administrator's credentials are in {directory}/{admin}.
Ctrl-C stops everything; the same command starts it again with the same state.
"""


def run(
    var: Path,
    chosen: ty.Mapping[str, int],
    platform: Platform,
    nova: Path | None = None,
) -> None:
    """Serve until interrupted.

    Writes `openrc` and, for the administrator, `admin-openrc`.

    :param var: directory for all state
    :param chosen: port of each service
    :param platform: what it runs on
    :param nova: a source tree of Nova that carries the patch, if any
    :raises ProcessError: when a service ends by itself.
    """
    state = platform.beside(var / "serve")
    site = Site.on(platform, state, chosen, tokens=True)
    file = var / "openrc"
    progress.say("A control plane of its own:")
    try:
        site = source.installed(site, nova, progress.step)
        with Stack(site, var / "template", progress.step) as stack:
            write_private(file, openrc.text(site, openrc.DEMO))
            write_private(
                file.with_name(ADMIN_FILE), openrc.text(site, openrc.ADMIN)
            )
            progress.say(_commands(file))
            while True:
                stack.check()
                time.sleep(CHECK_SECONDS)
    except KeyboardInterrupt:
        progress.say("\nStopped.")


def _commands(file: Path) -> str:
    here = Path.cwd()
    return COMMANDS.format(
        directory=here,
        openrc=os.path.relpath(file, here),
        admin=os.path.relpath(file.with_name(ADMIN_FILE), here),
        scripts=SCRIPTS,
        flavor=cloud.SMALL,
        other=cloud.LARGE,
        image=cloud.IMAGE,
        network=cloud.NETWORK,
    )
