# SPDX-License-Identifier: Apache-2.0
"""Answers requests with a token; knows no service and no database.

One request passes these::

    engine       looks, waits, and looks again, until there is an answer
    attempt      does what was decided: claims the token or takes it over
    execution    runs the operation and settles the token
    recovery     replays, rebuilds, withdraws, or asks the service

A look-up passes one::

    lookup       finds a caller's uses of a token, and waits for their ends

What a process does beside its requests::

    heartbeat    renews the leases of running requests
    returns      gives back claims that may have been committed in vain
    counters     counts what comes of requests
    counting     writes down what was counted
    account      one line of the log for each answer
    periodic     the thread that they have

What they are made of::

    ports        what they ask of the table, the service, and the cipher
    claim        a running request's hold on its token
    waiting      how many retries may wait in a process
    allowance    how many young tokens a user may have
    limits       the operator's settings
    parts        what an engine is put together from
    points       where tests stop or kill a worker
"""
