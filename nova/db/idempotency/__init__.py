# SPDX-License-Identifier: Apache-2.0
"""Client tokens in Nova's API database.

    tables         the tables
    store          the engine's store, put together from its steps:
    reading          find tokens, and what they made
    claiming         claim a token, take it over, renew its lease
    settling         store an outcome, or free the token
    withdrawing      take back what the service has not gone on with
    watching         find rows that were keyed with other secrets
    steps          what all steps are made of
    rows           conditions on rows, and what they hold
    clock          the database's time
    transaction    runs a step, with retries and error reporting
    connections    connections of our own, apart from Nova's pool
    handlers       what is done about errors of the database
    capability     what a database server must be able to do
    link           binds what Nova creates to the token, and fences it
    kinds          the kinds of resources that are bound
    withdrawal     withdraws servers: Nova's own rows
    migration      brings the tables up to date
    migrations     Alembic's scripts (the folder migrations)
"""
