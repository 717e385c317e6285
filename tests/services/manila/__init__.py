# SPDX-License-Identifier: Apache-2.0
"""Manila, with the adapter of docs/adding-a-service.md, as it stands there."""
