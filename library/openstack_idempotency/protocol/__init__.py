# SPDX-License-Identifier: Apache-2.0
"""The protocol's values, and pure functions of them.

What a request asks::

    headers      the names of all headers
    token        reads the header
    scope        whose a token is, and for what target
    sameness     which requests are the same
    request      all that the protocol needs to know of a request

What is known of a token::

    digest       what may be stored of tokens and requests
    record       a token's row, as it was read
    use          what is written down of one use of a token
    decision     what to do, given the token's row
    standing     what a look-up tells of it

What a client, or the engine, is told::

    answer       what a client gets, and its X-Client-Token-State
    errors       the answers that the protocol itself gives
    evidence     what a service knows of a request whose worker is gone
    withdrawn    what a withdrawal took back
"""
