# SPDX-License-Identifier: Apache-2.0
"""The protocol of client tokens, apart from any service and any database.

A request with a token passes these hops, each a module here::

    token        reads the header
    sameness     says which request it is (scope) and what it asks (canonical)
    engine       looks, waits, and looks again, until there is an answer
    decision     a pure function: what to do, given the token's row
    attempt      does it: claims the token or takes it over, and lets
    execution    run the operation and settle the token, or
    recovery     replay, rebuild, withdraw, or ask the service

What they ask others for, as ports::

    store        the table of tokens (nova.db.idempotency is Nova's)
    work         the operation, as the service offers it
    sealer       the cipher of stored answers

What a process does beside its requests::

    heartbeat    renews the leases of running requests
    returns      gives back claims that may have been committed in vain
    periodic     the thread that each of these two has

What they speak of, and what they are made of::

    answer       what a client gets, and its X-Client-Token-State
    errors       the answers that the protocol itself gives
    record       a token's row, as it was read
    claim        a running request's hold on its token
    digest       what may be stored of tokens and requests
    waiting      how many retries may wait in a process
    allowance    how many young tokens a user may have
    limits       the operator's settings
    parts        what an engine is put together from
    points       where tests stop or kill a worker

Only oslo libraries and the standard library are imported here, so that the
same engine can serve other services.
"""
