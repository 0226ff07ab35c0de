"""Preflight: the last state before a job costs money. It checks that everything the run needs exists.

Each module checks one thing: demand, image, model, quotas, storage, time. `check_results` has the results of checks.
"""
