# SPDX-License-Identifier: Apache-2.0
"""A real control plane in a few processes, to show and to test the product.

`python -m embedded demo` plays a story against it, `python -m embedded serve`
leaves it up to try things. Three layers, each ignorant of the one before: the
story; the stack, in the order in which everything comes up (:mod:`.stack`);
and the processes (:mod:`.children`). What runs inside these is in
:mod:`.serving`, the only folder that imports the services.
"""
