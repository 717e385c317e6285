# SPDX-License-Identifier: Apache-2.0
"""Create Neutron's tables: `python -m embedded.serving.neutron_tables`.

Its migrations alter constraints, which SQLite cannot, so the tables are
created from the models that the migrations lead to.
"""

from __future__ import annotations

import sys

from neutron import server
from neutron.db.migration.models import head
from neutron_lib.db import api


def main() -> None:
    """Create every table in the configured database."""
    server.boot_server(lambda: None, prog=sys.argv[0])
    head.get_metadata().create_all(api.CONTEXT_WRITER.get_engine())


if __name__ == "__main__":
    main()
