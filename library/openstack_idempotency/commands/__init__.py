# SPDX-License-Identifier: Apache-2.0
"""The operators' commands, the same for every service.

service       what a service gives them
commands      puts them together, and runs one
db            makes and drops the tables
purge         deletes what has ended
listing       lists and shows tokens
release       frees a token in doubt
stats         prints what is counted
metrics       what is counted, and Prometheus' text of it
upgrade       checks a deployment
output        prints tables and JSON
"""
