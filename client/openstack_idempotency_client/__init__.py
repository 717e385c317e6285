# SPDX-License-Identifier: Apache-2.0
"""Client tokens for those who call OpenStack: a POST that can be retried."""
