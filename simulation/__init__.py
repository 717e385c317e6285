# SPDX-License-Identifier: Apache-2.0
"""The engine on a simulated database, in simulated time, from one seed.

The engine itself runs, with its heartbeats and its returns of claims;
everything round it is simulated: the database, the service, the processes and
their threads, the clients, and their trouble.
"""
