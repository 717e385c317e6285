# SPDX-License-Identifier: Apache-2.0
"""The binaries of a database server, run by who may, in a folder of theirs."""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
import os
from pathlib import Path
import pwd
import shutil
import subprocess
import tempfile
import typing as ty

# Where distributions keep what is not on everybody's path.
_FOLDERS = ("/usr/sbin", "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")


@dataclasses.dataclass(frozen=True)
class Programs:
    """Runs binaries in one folder.

    :param folder: where they run, and what they say is kept
    :param account: who runs them where we are root
    :param log: the file, in the folder, to which they say it
    """

    folder: Path
    account: str
    log: str = "log"

    def done(self, tool: str, arguments: ty.Sequence[str]) -> None:
        """Run a binary to its end.

        :param tool: its name
        :param arguments: what it is given
        :raises RuntimeError: it failed
        """
        if self.begun(tool, arguments).wait() != 0:
            raise RuntimeError(f"{tool} has failed:\n{self.tail()}")

    def begun(
        self, tool: str, arguments: ty.Sequence[str]
    ) -> subprocess.Popen[bytes]:
        """Start a binary, the first process of a group of its own.

        :param tool: its name
        :param arguments: what it is given
        """
        account = self.account if os.geteuid() == 0 else None
        # What MariaDB finds in a common one when it starts, it deletes: the
        # files that another server is using.
        scratch = self.folder / f"scratch-{self.log}"
        scratch.mkdir(exist_ok=True)
        shutil.chown(scratch, account or getpass.getuser())
        with (self.folder / self.log).open("ab") as log:
            return subprocess.Popen(
                [str(_found(tool)), *arguments],
                cwd=self.folder,
                env={**os.environ, "TMPDIR": str(scratch)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=account,
                group=account and pwd.getpwnam(account).pw_gid,
                extra_groups=None if account is None else (),
                # Ctrl-C is for the campaign, which ends it.
                start_new_session=True,
            )

    def tail(self) -> str:
        """Return the end of what they said."""
        return (self.folder / self.log).read_text(errors="replace")[-2000:]


@contextlib.contextmanager
def of(account: str) -> ty.Iterator[Programs]:
    """Give what runs binaries in a fresh folder, and delete that.

    :param account: who runs them where we are root
    """
    owner = account if os.geteuid() == 0 else getpass.getuser()
    # Not in the campaign's folder, which is nobody else's to enter.
    folder = Path(tempfile.mkdtemp(prefix="nova-chaos-server-"))
    try:
        shutil.chown(folder, owner)
        yield Programs(folder, account)
    finally:
        shutil.rmtree(folder)


def missing(tools: ty.Iterable[str]) -> str | None:
    """Return the first of some binaries that is not there, if any.

    :param tools: their names
    """
    return next((tool for tool in tools if _found(tool) is None), None)


def _found(tool: str) -> str | None:
    folders = [
        str(found)
        for pattern in _FOLDERS
        for found in sorted(Path("/").glob(pattern[1:]), reverse=True)
    ]
    path = os.pathsep.join([os.environ.get("PATH", ""), *folders])
    return shutil.which(tool, path=path)
