# SPDX-License-Identifier: Apache-2.0
"""The steps by which a request gets hold of its token."""

from __future__ import annotations

import typing as ty

from oslo_db import exception as db_exc
import sqlalchemy as sa

from openstack_idempotency.engine.claim import Claim
from openstack_idempotency.engine.points import Point
from openstack_idempotency.engine.points import reached
from openstack_idempotency.protocol.record import FOREVER
from openstack_idempotency.protocol.record import Record
from openstack_idempotency.protocol.record import State
from openstack_idempotency.protocol.use import Use
from openstack_idempotency.sql import clock
from openstack_idempotency.sql import rows
from openstack_idempotency.sql import steps
from openstack_idempotency.sql import transaction
from openstack_idempotency.sql.steps import PAST
from openstack_idempotency.sql.steps import Steps
from openstack_idempotency.sql.tables import TOKENS

#: A token's own row, while one secret is listed. The other columns are given.
_CLAIM = sa.insert(TOKENS).values(
    created_at=clock.NOW,
    lease_until=steps.LEASE_END,
    expires_at=sa.func.coalesce(
        sa.bindparam("forever", type_=sa.BigInteger()), steps.END_UNSETTLED
    ),
)
_OWN_KEY = sa.select(TOKENS.c.id).where(
    rows.OF, TOKENS.c.owner == sa.bindparam("owner")
)


class Claiming(Steps):
    """Claims tokens, takes them over, and holds them."""

    def claim(self, use: Use) -> int | None:
        """Insert a token's row; the unique key lets one request do it.

        While several secrets are listed, the token gets a row for each, in
        one statement: so two API hosts whose lists differ in order, as during
        a rotation, still exclude each other.

        :param use: the request's use of its token
        :returns: the row's key, None if another request was faster
        """
        own, *aliases = self._keyed(use)
        write = self._alone(use, own)
        if aliases:
            write = self._in_one(use, [own, *aliases])
        try:
            key = self._run.statement(write)
        except transaction.Locked:
            # A transaction of the service has the row of the same token.
            return None
        except db_exc.DBDuplicateEntry:
            # It may be our own: committed, while the connection broke.
            key = None
        return self._own_key(use) if key is None else key

    def _alone(
        self, use: Use, keyed: rows.Row
    ) -> ty.Callable[[sa.Connection], int | None]:
        """Return what inserts a token's only row, and returns its key."""
        claim = self._timed(_CLAIM)
        values = rows.named(use) | self._begun(use) | keyed | self._spans
        values["forever"] = FOREVER if use.lasting else None

        def write(connection: sa.Connection) -> int | None:
            reached(Point.CLAIMING)
            done = connection.execute(claim, values)
            inserted: ty.Any = done.inserted_primary_key
            key: int = inserted[0]
            return key

        return write

    def _in_one(
        self, use: Use, keyed: ty.Iterable[rows.Row]
    ) -> ty.Callable[[sa.Connection], int | None]:
        """Return what inserts a token's rows for all listed secrets."""
        names = rows.named(use) | self._fresh(use)
        insert = sa.insert(TOKENS).values([names | each for each in keyed])

        def write(connection: sa.Connection) -> int | None:
            reached(Point.CLAIMING)
            connection.execute(insert)
            return None  # a statement of many rows tells no keys

        return write

    def rerun(self, record: Record, use: Use) -> bool:
        """Take a row over for a new run, as if it had just been claimed.

        :param record: the row as it was read
        :param use: the request's use of its token
        :returns: whether the row was still so, and free
        """
        fingerprints = dict(zip(use.digests, use.fingerprints, strict=True))
        # Where the secret of the token's own row is no longer listed, the row
        # was found by an alias.
        own = fingerprints.get(record.digest, use.fingerprints[0])
        fresh = self._fresh(use) | {
            "fingerprint": own,
            "takeovers": TOKENS.c.takeovers + 1,
            "undo": TOKENS.c.undo,
        }
        taken = self._compare_and_swap(
            record,
            use,
            fresh,
            Point.RERUNNING,
            lambda connection: steps.forget(connection, record.id),
        )
        return taken and self._keep_aliases(record.digest, use)

    def recover(self, record: Record, use: Use) -> bool:
        """Take a row over to finish what its former owner began.

        :param record: the row as it was read
        :param use: the request's use of its token
        :returns: whether the row was still so, and free
        """
        values = {
            "state": State.RUNNING.value,
            "owner": use.owner,
            "lease_until": self._lease_end,
            "takeovers": TOKENS.c.takeovers + 1,
        }
        return self._compare_and_swap(record, use, values, Point.RECOVERING)

    def extend(self, claims: ty.Sequence[Claim]) -> None:
        """Renew the leases of those claims that still hold.

        Each in a transaction of its own, so that one that fails, or is
        stopped, keeps no other from being renewed.

        :param claims: the claims of the running requests of this process
        """
        renewed = {
            "lease_until": self._lease_end,
            "expires_at": sa.case(
                (TOKENS.c.lasting, TOKENS.c.expires_at),
                else_=self._end_unsettled,
            ),
        }
        # A request may abandon its claim while this is on its way, or settle
        # it: then its client is told when the token ends.
        runs = sa.and_(
            TOKENS.c.state == State.RUNNING.value, TOKENS.c.lease_until > PAST
        )
        locked = False
        for claim in claims:
            mine = rows.held(claim) & runs
            # One that is locked is being committed: nobody can take it over
            # either, and the next renewal comes in time.
            try:
                self._update_unlocked(mine, renewed, Point.EXTENDING)
            except transaction.Locked:
                locked = True
        if locked:
            raise transaction.Locked

    def give_back(self, use: Use) -> None:
        """Undo a claim or a takeover that may have been committed.

        :param use: a use of the token whose request never began
        """
        mine = rows.of(use) & (TOKENS.c.owner == use.owner)
        # After recover() the row still speaks of the earlier request.
        ran = mine & (TOKENS.c.request_id == use.request_id)
        # It ends now, not long ago: a purge keeps it for a while, since a slow
        # former owner may still look for it.
        if not self._update(
            ran & (TOKENS.c.bound == 0),
            lease_until=PAST,
            expires_at=self._now,
            lasting=False,
        ):
            self._update(mine, lease_until=PAST)

    def _keyed(self, use: Use) -> ty.Iterator[rows.Row]:
        """Yield what is keyed in each row of a token, its own one first."""
        for number, (digest_, fingerprint, key_id) in enumerate(
            zip(
                use.digests,
                use.fingerprints,
                self._settings.key_ids,
                strict=True,
            )
        ):
            keyed: rows.Row = {
                "token_digest": digest_,
                "fingerprint": fingerprint,
                "key_id": key_id,
                "alias_of": None,
            }
            if number:
                keyed |= rows.OF_ALIAS | {"alias_of": use.digests[0]}
            yield keyed

    def _keep_aliases(self, own: bytes, use: Use) -> bool:
        """Let a row be found under each listed secret; False: it was lost."""
        for keyed in self._keyed(use):
            if keyed["token_digest"] == own:
                continue
            alias = keyed | rows.OF_ALIAS | {"alias_of": own}
            there = rows.at(use, keyed["token_digest"])
            mine = there & (TOKENS.c.alias_of == own)
            if self._update(mine, **alias):
                continue
            values = rows.named(use) | self._fresh(use) | alias
            insert = sa.insert(TOKENS).values(values)

            def write(
                connection: sa.Connection, row: sa.Insert = insert
            ) -> int:
                return connection.execute(row).rowcount

            try:
                self._run.statement(write)
            except (transaction.Locked, db_exc.DBDuplicateEntry):
                # A host without the other secrets used the token meanwhile.
                self.give_back(use)
                return False
        return True

    def _own_key(self, use: Use) -> int | None:
        own = rows.using(use) | {"use_digests": use.digests[:1]}
        found = self._read(_OWN_KEY, own | {"owner": use.owner})
        return found[0].id if found else None

    def _compare_and_swap(
        self,
        record: Record,
        use: Use,
        values: rows.Row,
        point: Point,
        then: ty.Callable[[sa.Connection], None] | None = None,
    ) -> bool:
        # Or it is ours already: committed, while the connection broke.
        mine = (TOKENS.c.id == record.id) & (TOKENS.c.owner == use.owner)
        free = sa.or_(rows.as_read(record), mine) & (TOKENS.c.id == record.id)
        # The transaction that creates the resource locks the row. Waiting for
        # it might take forever: its process may be stopped.
        swap = values | {"owner": use.owner}
        return self._update_unlocked(free, swap, point, then)
