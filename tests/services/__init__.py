# SPDX-License-Identifier: Apache-2.0
"""Services that are not Nova, with the filter: each in a process of its own.

All of them use oslo.config's global configuration, which two cannot share: so
each folder is run by itself. What they have in common is said once, here.
"""
