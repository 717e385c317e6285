# SPDX-License-Identifier: Apache-2.0
"""The protocol of client tokens, apart from any service and any database.

A request with a token passes these hops, each a module here or beside it::

    token        reads the header
    sameness     says which request it is (scope) and what it asks (canonical)
    engine       looks, waits, and looks again, until there is an answer
    decision     a pure function: what to do, given the token's row
    attempt      does it: claims the token or takes it over, and lets
    execution    run the operation and settle the token, or
    recovery     replay, rebuild, withdraw, or ask the service
    store        the port to the table (nova.db.idempotency is Nova's)

Only oslo libraries and the standard library are imported here, so that the
same engine can serve other services.
"""
