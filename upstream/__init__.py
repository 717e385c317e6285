# SPDX-License-Identifier: Apache-2.0
"""Nova's own tests, run as they are, with us, and with each POST repeated.

What ``make upstream`` runs; :mod:`upstream.selection` says which tests.
"""
