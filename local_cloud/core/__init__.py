"""The code that the caller's process and the server share, and that all services of the server use.

It has settings, folders, role keys, processes, logs, quotas and requested faults. It imports neither moto nor any
other package of `local_cloud`.
"""
