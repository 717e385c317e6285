# SPDX-License-Identifier: Apache-2.0
"""The Go client: its sources, and how Debian's Go builds them offline."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).parents[1]
SOURCES = ROOT / "clients" / "go"
PACKAGE = "openstack-idempotency/clienttoken"
# Makes servers or keypairs with gophercloud.
BURST = f"{PACKAGE}/cmd/burst"

# In the gate, nothing may be skipped.
REQUIRED = "TEST_REQUIRE_DATABASES"
# Where Debian's packages have sources of Go, gophercloud's among them.
_DEBIAN = pathlib.Path("/usr/share/gocode")
_GOPHERCLOUD = _DEBIAN / "src/github.com/gophercloud/gophercloud"
_VAR = ROOT / "var" / "go"


def missing(*, gophercloud: bool = False) -> str | None:
    """Return what has to be installed first, or none.

    :param gophercloud: whether that is needed, too
    """
    if shutil.which("go") is None:
        return "no go: install golang-go"
    if gophercloud and not _GOPHERCLOUD.is_dir():
        return "install golang-github-gophercloud-gophercloud-dev"
    return None


def go(
    *arguments: str, modules: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run the command in the sources' folder, without a module proxy.

    :param modules: whether as modules; if not, with Debian's sources
    """
    place = _VAR / "path" / "src" / PACKAGE
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.is_symlink():
        place.symlink_to(SOURCES, target_is_directory=True)
    return subprocess.run(
        ["go", *arguments],
        cwd=SOURCES,
        env=os.environ | {
            "GO111MODULE": "on" if modules else "off",
            "GOCACHE": str(_VAR / "cache"),
            "GOFLAGS": "",
            "GOPATH": f"{_VAR / 'path'}:{_DEBIAN}",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def burst(folder: pathlib.Path) -> pathlib.Path:
    """Build the program that uses gophercloud.

    :param folder: where to
    :raises RuntimeError: when it cannot be built; says why.
    """
    program = folder / "burst"
    built = go("build", "-o", str(program), BURST, modules=False)
    if built.returncode:
        raise RuntimeError(f"{BURST} cannot be built:\n{built.stderr}")
    return program
