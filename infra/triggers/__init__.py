"""What starts something: run schedules, the deadline check, and rules on executions that ended without a report.

Imports `settings`, `common` and `workflow`.
"""
