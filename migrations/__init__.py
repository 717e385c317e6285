# SPDX-License-Identifier: Apache-2.0
"""Migrations of the client tokens' tables; a package of the library."""
