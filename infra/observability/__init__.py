"""Monitoring of runs: metrics, alarms and the dashboard.

Imports `settings` and `common`.
"""
