# SPDX-License-Identifier: Apache-2.0
"""The adapters: each module knows one service, and imports it.

Nothing else of the library imports them: the filter and the command find them
by entry points.
"""
