# SPDX-License-Identifier: Apache-2.0
"""Nova's tables, as fast as they can be made.

From its models: its migrations, which `embedded` runs as an operator would,
take a minute on MariaDB, and the suites make these tables again and again.
"""

from __future__ import annotations

import sqlalchemy as sa

from nova.db.api import models as api_models
from nova.db.main import models as main_models

_TOO_LONG = "migrations_by_host_nodes_and_status_idx"


def create_api(engine: sa.Engine) -> None:
    """Make the tables of the API database, without ours.

    :param engine: an empty database
    """
    api_models.BASE.metadata.create_all(engine)


def create_cell(engine: sa.Engine) -> None:
    """Make the tables of a cell's database.

    :param engine: an empty database
    """
    metadata = main_models.BASE.metadata
    # MariaDB takes no index over so many bytes; Nova's own migrations say
    # how many of each column, its models do not.
    indexes = metadata.tables["migrations"].indexes
    indexes -= {index for index in indexes if index.name == _TOO_LONG}
    metadata.create_all(engine)
