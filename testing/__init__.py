# SPDX-License-Identifier: Apache-2.0
"""The ground that suites stand on, so that none has to build on another.

It knows what it is made of (the product, and `embedded`, which makes a whole
control plane), and none of the suites: they are `tests/*`, `chaos`,
`upstream`, `mutations` and what `.ci` runs.
"""
