"""What shows how runs went: metrics, alarms, the dashboard, and the monthly budget.

Imports `settings` and `common`.
"""
