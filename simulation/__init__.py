# SPDX-License-Identifier: Apache-2.0
"""The engine on a simulated database, in simulated time, from one seed.

What runs is the engine itself, its heartbeats and what it gives back; what is
simulated is all round it: the database, the service, the processes and their
threads, the clients, and what befalls them.
"""
