# SPDX-License-Identifier: Apache-2.0
"""Real API workers on a real database that die, freeze and lose connections.

The campaign of ``make chaos``, and what ``tests/faults`` shares with it.
"""
