# SPDX-License-Identifier: Apache-2.0
"""The edge of a service that speaks WSGI.

edge        answers requests of a service that needs nothing else
request     a WSGI request, as the engine takes it
response    the headers that the protocol adds to an answer
browsers    lets scripts in browsers use client tokens (CORS)
"""
