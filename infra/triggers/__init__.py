"""Triggers: run schedules, the deadline check, and rules on executions that ended without reporting an error.

`schedule` creates every schedule.
May import: `common`, `settings`, `workflow`, `contract`.
"""
