# SPDX-License-Identifier: Apache-2.0
"""The operators' commands, the same for every service.

A service describes itself to them (:mod:`.service`); :mod:`.commands` puts
them together.
"""
