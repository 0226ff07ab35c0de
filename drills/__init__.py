"""Failure drills: the synthesised application in the local cloud, under faults drawn at random, checked from outside.

`python -m drills` runs them; see `docs/operating.md` for what the application promises.
"""
