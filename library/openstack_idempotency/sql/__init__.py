# SPDX-License-Identifier: Apache-2.0
"""Client tokens in tables of a service's own database.

tables         the tables
store          the engine's store, put together from its steps:
reading          find tokens, and what they made
claiming         claim a token, take it over, renew its lease
settling         store an outcome, or free the token
withdrawing      take back what the service has not gone on with
looking          find a caller's uses, for a look-up
counters         add up what all processes count
watching         find rows that were keyed with other secrets
catalogue        what operators see
purge            delete what has ended, and find out what ends
unlocked       change the rows that nobody has locked
purger         purges at intervals, in each process
steps          what all steps are made of
rows           conditions on rows, and what they hold
clock          the database's time
transaction    runs a step, with retries and error reporting
connections    connections of our own, apart from the service's pool
pool           warns if there are fewer of them than threads
handlers       what is done about database errors
capability     what a database server must be able to do
kinds          what operations make or change, as a service describes it
link           binds what a service creates to the token, and fences it
statements       the same for what it does without its ORM
naming           which resources a statement names
binding          the binding and the fence themselves
commits          the fault points at a commit
surviving      whether what is bound is still there
migration      brings the tables up to date
"""
