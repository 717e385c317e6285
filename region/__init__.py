# SPDX-License-Identifier: Apache-2.0
"""A cloud as operators have it, of the machine's own parts.

API hosts under a server of their own behind HAProxy, Nova's other services as
processes, RabbitMQ, and a database server, also behind PgBouncer. What Nova
needs beside (keystone and others) is as in :mod:`embedded`.
"""
