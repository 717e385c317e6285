# SPDX-License-Identifier: Apache-2.0
"""Answers requests with a token; knows no service and no database.

:mod:`.engine` answers a request, and its :mod:`.attempt` at the token either
lets :mod:`.execution` run the operation, or lets :mod:`.recovery` find out
what an earlier run has done. :mod:`.ports` says what they ask of the table,
of the service, and of the cipher.
"""
