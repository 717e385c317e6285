# SPDX-License-Identifier: Apache-2.0
"""Client tokens for OpenStack services: a POST can be retried safely.

protocol      values and pure functions: nothing but the standard library
engine        answers requests: runs them once, or gives answers again
sql           the tables of tokens, and the link to what a service makes
wsgi          the edge of a service: headers of requests and answers
seal          the cipher of stored answers
commands      the operators' commands
opts          the operator's options, group [idempotency]
migrations    Alembic's scripts of the tables
"""
