# SPDX-License-Identifier: Apache-2.0
"""The edge of a service that speaks WSGI.

:mod:`.edge` is all that a simple service needs. One that has to do more, like
Nova, uses the others itself.
"""
