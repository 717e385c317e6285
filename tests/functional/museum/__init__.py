# SPDX-License-Identifier: Apache-2.0
"""The library serves a service that is not Nova: a museum."""
