# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import signal

# What a shell runs in the background ignores Ctrl-C, and so do the processes
# that it starts. Tests interrupt some, as a person at a terminal would.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
