"""Preflight: the last state before a job is paid for. It checks that everything the run needs is there.

Each module checks one thing: demand, image, quotas, storage, time. `findings` collects what is wrong.
"""
