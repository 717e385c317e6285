# SPDX-License-Identifier: Apache-2.0
"""Real clients of a real control plane, behind a network that loses things.

``make clients``: each client must end with one resource, whatever happens to
its requests and to itself.
"""
