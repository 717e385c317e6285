# SPDX-License-Identifier: Apache-2.0
"""A process that purges when it is told to, with the real code.

It obeys lines of its input: ``command`` runs the operators' command, which
deletes ``--count`` tokens; ``round`` does what an API process does at each
interval. It answers both with the seconds that it took. The command has run
once before the process says that it is ready.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time

from nova.cmd import idempotency
from openstack_idempotency.commands import commands
from openstack_idempotency.sql.purger import Purger


def main() -> None:
    """Obey until the input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config-file", required=True)
    parser.add_argument("--count", required=True)
    given = parser.parse_args()
    # What the command says is no answer of ours.
    with contextlib.redirect_stdout(sys.stderr):
        idempotency.main([
            f"--config-file={given.config_file}",
            "purge",
            f"--max_rows={given.count}",
        ])
    print("ready", flush=True)
    with idempotency.SERVICE.tokens() as tokens:
        group = idempotency.CONF.idempotency
        purger = Purger(
            tokens,
            idempotency.SERVICE.lasting,
            interval=group.purge_interval,
            batch=group.purge_batch,
        )
        for line in sys.stdin:
            began = time.perf_counter()
            if line.strip() == "command":
                with contextlib.redirect_stdout(sys.stderr):
                    commands.run(idempotency.SERVICE)
            else:
                purger.purge()
            print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
