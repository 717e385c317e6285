# SPDX-License-Identifier: Apache-2.0
"""A service's own tests: as they are, with us, and with each POST repeated.

What ``make upstream`` runs; :mod:`upstream.services` says which tests.
"""
