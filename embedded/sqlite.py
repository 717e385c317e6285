# SPDX-License-Identifier: Apache-2.0
"""Databases as files of SQLite."""

from __future__ import annotations

from pathlib import Path
import sqlite3
import typing as ty

FILES: ty.Mapping[str, str] = {
    "keystone": "keystone.sqlite",
    "placement": "placement.sqlite",
    "glance": "glance.sqlite",
    "cinder": "cinder.sqlite",
    "neutron": "neutron.sqlite",
    "nova_api": "nova_api.sqlite",
    "nova": "nova.sqlite",
    "nova_cell0": "nova.sqlite.cell0",
}

# What Nova notes of its cells' databases. It fills in the braces from its
# [database] connection, here that of "nova": so the files can be copied to
# another directory, and cell0's is named after that one's.
CELLS: ty.Mapping[str, str] = {
    "cell0": "{scheme}:////{path}.cell0?{query}",
    "cell1": "{scheme}:////{path}?{query}",
}

# Seconds that a writer waits for the writer before it.
BUSY_TIMEOUT = 60


def urls(directory: Path) -> dict[str, str]:
    """Return the SQLAlchemy URL of each database in the directory."""
    return {
        name: f"sqlite:///{directory / file}?timeout={BUSY_TIMEOUT}"
        for name, file in FILES.items()
    }


def create(directory: Path) -> None:
    """Create the empty files."""
    directory.mkdir(parents=True)
    for file in FILES.values():
        # Kept in the file: readers then never wait for a writer.
        _execute(directory / file, "PRAGMA journal_mode=WAL")


def settle(directory: Path) -> None:
    """Fold each write-ahead log into its file, so that files can be copied."""
    for file in FILES.values():
        _execute(directory / file, "PRAGMA wal_checkpoint(TRUNCATE)")


def _execute(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    try:
        connection.execute(statement)
    finally:
        connection.close()
