# SPDX-License-Identifier: Apache-2.0
"""The edge of a service that speaks WSGI.

response    the headers that the protocol adds to an answer
audit       tells replays apart in audit events
browsers    lets scripts in browsers use client tokens (CORS)
"""
