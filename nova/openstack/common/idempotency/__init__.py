# SPDX-License-Identifier: Apache-2.0
"""The protocol of client tokens, apart from any service and any database.

A request with a token passes five hops, each a module here or beside it::

    token        reads the header
    sameness     says which request it is (scope) and what it asks (canonical)
    decision     a pure function: what to do, given the token's row
    engine       does it: claim, run, wait, replay, rebuild, settle
    store        the port to the table (nova.db.idempotency is Nova's)

Only oslo libraries and the standard library are imported here, so that the
same engine can serve other services.
"""
