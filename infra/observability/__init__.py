"""Monitoring of runs: metrics, alarms, the dashboard, and the monthly budget.

Imports `settings` and `common`.
"""
