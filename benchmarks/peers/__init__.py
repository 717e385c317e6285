# SPDX-License-Identifier: Apache-2.0
"""Others that keep a request from running twice, each in a module.

They run in an environment of their own, so nothing here but `catalogue`,
`environment` and `comparing` may import what only the project has.
"""
