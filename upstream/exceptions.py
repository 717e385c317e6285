# SPDX-License-Identifier: Apache-2.0
"""Tests of Nova's that cannot pass where each POST is sent twice.

One that is listed here and passes all the same makes the run fail.
"""

from __future__ import annotations

_SERVERS = "nova.tests.functional.test_servers."

#: The id of each, and why.
EXCEPTIONS = {
    f"{_SERVERS}AcceleratorServerOpsTest."
    "test_shelve_with_compute_rpc_pin_5_0": (
        "Nova refuses the shelving with 400 when it has already saved the "
        "server's task_state, and leaves that as it is. What was refused is "
        "run again (protocol section 3), and then Nova refuses it with 409, "
        "because of that task_state: the answer that any second POST gets."
    ),
}
