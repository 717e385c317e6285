# SPDX-License-Identifier: Apache-2.0
"""The protocol's values, and pure functions of them.

All that it needs is the standard library.
"""
