"""What starts something: run schedules, the deadline check, and rules on executions that ended without a report.

`schedule` makes every schedule.
May import: `common`, `settings`, `workflow`, `contract`.
"""
