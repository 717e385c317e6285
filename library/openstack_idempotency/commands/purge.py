# SPDX-License-Identifier: Apache-2.0
"""The command that deletes what has ended."""

from __future__ import annotations

import collections
import contextlib
import sys
import time
import typing as ty

from rich import console
from rich import progress

from openstack_idempotency.commands import output
from openstack_idempotency.commands.service import Service
from openstack_idempotency.engine.counters import Event
from openstack_idempotency.sql.store import SqlTokenStore

# The exit statuses of nova-manage db archive_deleted_rows.
NOTHING, SOME, BAD_NUMBER, NO_DATABASE = 0, 1, 2, 3

Advance = ty.Callable[[int], None]


def add(subparsers: ty.Any) -> None:
    """Add ``purge``.

    :param subparsers: the program's
    """
    parser = subparsers.add_parser(
        "purge", help="Delete tokens that have ended."
    )
    parser.set_defaults(run=_run, unusable=NO_DATABASE)
    add_option = parser.add_argument
    add_option("--max_rows", "--max-rows", type=int, default=1000,
               metavar="NUMBER", help="Delete so many tokens at most; with "
               "--until-complete: at a time.")  # fmt: skip
    add_option("--before", type=output.time_of, metavar="DATE",
               help="Only those that ended before this time.")  # fmt: skip
    add_option("--sleep", type=float, default=0.0, metavar="SECONDS",
               help="Seconds between two batches.")  # fmt: skip
    add_option("--until-complete", action="store_true",
               help="Go on until there are no more.")  # fmt: skip
    add_option("--dry-run", action="store_true",
               help="Only count what would be deleted.")  # fmt: skip
    add_option("--verbose", action="store_true",
               help="Print how many there were.")  # fmt: skip


def _run(service: Service, arguments: ty.Any) -> int:
    if arguments.max_rows < 1 or arguments.sleep < 0:
        output.complain(
            "--max_rows must be 1 or more, and --sleep not less than 0."
        )
        return BAD_NUMBER
    with service.tokens() as tokens:
        if arguments.dry_run:
            count = tokens.ended(arguments.before)
            output.say(f"{count} tokens have ended and can be deleted.")
            return NOTHING
        done = _purge(service, tokens, arguments)
    if arguments.verbose:
        rows = [{"What": k, "Number": v} for k, v in done.items()]
        output.as_table(("What", "Number"), rows)
    return SOME if any(done.values()) else NOTHING


def _purge(
    service: Service, tokens: SqlTokenStore, arguments: ty.Any
) -> dict[str, int]:
    batch = min(arguments.max_rows, service.conf.idempotency.purge_batch)
    done: dict[str, int] = collections.Counter()
    _walk(service, tokens, batch, arguments.sleep)
    done["answers deleted"] = _until_done(
        lambda: tokens.strip(batch), batch, arguments.sleep
    )
    most = None if arguments.until_complete else arguments.max_rows
    total = tokens.ended(arguments.before) if _shows() else 0
    with _bar(min(total, most or total)) as advance:
        done["tokens deleted"] = _until_done(
            lambda limit=batch: _delete(tokens, limit, arguments.before),
            batch,
            arguments.sleep,
            most=most,
            advance=advance,
        )
    return done


def _walk(
    service: Service, tokens: SqlTokenStore, batch: int, sleep: float
) -> None:
    """Find out which tokens end: that deletes nothing yet."""
    after: int | None = 0
    while after is not None:
        after = tokens.walk(service.lasting, after, batch).last
        time.sleep(sleep)


def _delete(tokens: SqlTokenStore, limit: int, before: int | None) -> int:
    """Delete a batch, and count it among what this host has purged."""
    deleted = tokens.purge(limit, before)
    if deleted:
        tokens.add({("", Event.PURGED.value): deleted})
    return deleted


def _until_done(
    step: ty.Callable[..., int],
    batch: int,
    sleep: float,
    *,
    most: int | None = None,
    advance: Advance | None = None,
) -> int:
    """Repeat a step until it has less to do than a batch."""
    done = 0
    while most is None or done < most:
        limit = batch if most is None else min(batch, most - done)
        count = step() if limit == batch else step(limit)
        done += count
        if advance is not None:
            advance(count)
        if count < limit:
            break
        time.sleep(sleep)
    return done


def _shows() -> bool:
    return sys.stderr.isatty()


@contextlib.contextmanager
def _bar(total: int) -> ty.Iterator[Advance | None]:
    """Show a progress bar, on a terminal."""
    if not _shows():
        yield None
        return
    with progress.Progress(console=console.Console(stderr=True)) as shown:
        task = shown.add_task("Deleting tokens", total=total)
        yield lambda count: shown.update(task, advance=count)
