# SPDX-License-Identifier: Apache-2.0
"""SQLite files with tables and nothing in them, made once and copied.

The migrations of six services take half a minute. Their result depends on
the versions alone, so it is kept by those.
"""

from __future__ import annotations

from pathlib import Path
import shutil
import tempfile

from embedded import ports
from embedded import schema
from embedded import sqlite
from embedded.children import Children
from embedded.site import Site


def copy(template: Path, site: Site) -> None:
    """Give the site its databases."""
    databases = site.state / "db"
    shutil.rmtree(databases, ignore_errors=True)
    shutil.copytree(template, databases)


def build(template: Path, children: Children) -> None:
    """Run every service's migrations, and keep the files as the template."""
    template.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix="building-", dir=template.parent))
    site = Site.on_sqlite(workshop, dict.fromkeys(ports.DEFAULTS, 0))
    databases = workshop / "db"
    sqlite.create(databases)
    schema.create(site, children)
    sqlite.settle(databases)
    try:
        databases.rename(template)
    except OSError:
        # Somebody beside us was faster; theirs is as good.
        if not template.exists():
            raise
    # Only now: after a failure the logs are wanted.
    shutil.rmtree(workshop)
