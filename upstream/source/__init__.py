# SPDX-License-Identifier: Apache-2.0
"""Shows that the patch for Nova's source works (`make source-patch`).

    distribution   Nova's source distributions, from PyPI
    patched        a tree with the patch, and what is found in it
    __main__       the command
"""
