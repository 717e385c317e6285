# SPDX-License-Identifier: Apache-2.0
"""Rolls client tokens out on a living cloud, and back, as the guide says.

docs/rolling-out.md and :mod:`rollout.steps` have the same steps in the same
order, while clients of both kinds (:mod:`rollout.clients`) do not stop.
"""
