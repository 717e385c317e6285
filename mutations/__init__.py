# SPDX-License-Identifier: Apache-2.0
"""Faults that were found once, put back to see that a proof finds each again.

Each row of :mod:`mutations.table` is a fault: the change of our source that
brings it back, and the proof that must fail then. The changed modules are in
an installation of their own, so that the installed ones, and the checkout,
stay as they are whatever happens.
"""
