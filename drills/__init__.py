"""Fault-injection drills: run the synthesized application in the local cloud under random faults and check it.

`python -m drills` runs them. `docs/runbook.md` describes the expected behavior of the application.
"""
