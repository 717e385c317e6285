# SPDX-License-Identifier: Apache-2.0
"""aws-lambda-powertools: a decorator of functions, with a layer of ours.

It brings none for SQL: this one does with two statements what its Redis layer
does with two commands, and commits each.
"""

from __future__ import annotations

import typing as ty

from aws_lambda_powertools.utilities import idempotency
from aws_lambda_powertools.utilities.idempotency import exceptions
from aws_lambda_powertools.utilities.idempotency.persistence import base
from aws_lambda_powertools.utilities.idempotency.persistence import datarecord

from benchmarks.peers.peer import ANSWER
from benchmarks.peers.things import Things

# What psycopg2 and PyMySQL call it.
_THERE_IS_ONE = ("UniqueViolation", "IntegrityError")
_CREATE = (
    "CREATE TABLE powertools (id VARCHAR(128) PRIMARY KEY, status VARCHAR(16),"
    " data TEXT, expiry BIGINT)"
)
_PUT = (
    "INSERT INTO powertools (id, status, expiry) VALUES (%s, 'INPROGRESS', %s)"
)
_UPDATE = "UPDATE powertools SET status = %s, data = %s WHERE id = %s"
_GET = "SELECT status, data, expiry FROM powertools WHERE id = %s"
_DELETE = "DELETE FROM powertools WHERE id = %s"


class Sql(base.BasePersistenceLayer):  # type: ignore[misc]
    """Keeps records in a table of the things' database.

    :param things: whose connections are used
    """

    def __init__(self, things: Things) -> None:
        super().__init__()
        self._run = things.run
        self._run(_CREATE)

    def _get_record(self, idempotency_key: str) -> ty.Any:
        row = self._run(_GET, idempotency_key)
        if row is None:
            raise exceptions.IdempotencyItemNotFoundError
        status, data, expiry = row
        return datarecord.DataRecord(
            idempotency_key, status, expiry, response_data=data
        )

    def _put_record(self, data_record: ty.Any) -> None:
        key, expiry = data_record.idempotency_key, data_record.expiry_timestamp
        try:
            self._run(_PUT, key, expiry)
        except Exception as error:
            if type(error).__name__ not in _THERE_IS_ONE:
                raise
            raise exceptions.IdempotencyItemAlreadyExistsError from error

    def _update_record(self, data_record: ty.Any) -> None:
        self._run(
            _UPDATE,
            data_record.status,
            data_record.response_data,
            data_record.idempotency_key,
        )

    def _delete_record(self, data_record: ty.Any) -> None:
        self._run(_DELETE, data_record.idempotency_key)


class Powertools:
    """A function that makes a thing for each token.

    :param layer: keeps the records
    :param things: what it makes
    """

    def __init__(self, layer: ty.Any, things: Things) -> None:
        def make(*, token: str) -> dict[str, str]:
            things.add()
            return {"answer": ANSWER}

        self._make = idempotency.idempotent_function(
            make,
            data_keyword_argument="token",
            persistence_store=layer,
            config=idempotency.IdempotencyConfig(),
        )

    def answer(self, token: str) -> object:
        """Make a thing, or give the first answer again."""
        return self._make(token=token)

    def close(self) -> None:
        """Leave it to the end of the process."""


def opened(url: str, things: Things) -> Powertools:
    """Start it with our layer."""
    return Powertools(Sql(things), things)
