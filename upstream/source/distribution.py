# SPDX-License-Identifier: Apache-2.0
"""Nova's source distributions, downloaded once."""

from __future__ import annotations

from pathlib import Path
import re
import subprocess
import sys
import tarfile

_TOP = Path(__file__).parents[2]
#: Where downloads, trees and results are kept.
FOLDER = _TOP / "var" / "source"
#: The file that pins the libraries of each release, and Nova itself.
PINS = {
    31: _TOP / "constraints" / "nova-31.txt",
    32: _TOP / "constraints" / "nova-32.txt",
    33: _TOP / "constraints" / "nova-33.txt",
    34: _TOP / "constraints.txt",
}


def version(release: int) -> str:
    """Return the version of Nova that a release is tested with.

    :param release: its number
    """
    pinned = re.findall(r"^nova==(\S+)$", PINS[release].read_text(), re.M)
    return str(pinned[0])


def unpacked(release: int) -> Path:
    """Return an unpacked source distribution, as it is on PyPI.

    :param release: the number of Nova's release
    """
    name = f"nova-{version(release)}"
    archive = FOLDER / f"{name}.tar.gz"
    if not archive.exists():
        _download(name.replace("-", "=="))
    into = FOLDER / "pristine" / name
    if not into.exists():
        with tarfile.open(archive) as tar:
            tar.extractall(into.parent, filter="data")
    return into


def _download(requirement: str) -> None:
    # pip asks the tree for its metadata, for which the environment has pbr.
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
            *("--no-binary", "nova", "--no-build-isolation"),
            *("--dest", str(FOLDER), requirement),
        ],
        check=True,
    )
