# SPDX-License-Identifier: Apache-2.0
"""Cinder with the filter."""
