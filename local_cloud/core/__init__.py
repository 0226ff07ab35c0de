"""What the caller's process and the server share, and what all services of the server use.

Settings and folders, the keys of roles, processes and their logs, quotas and failures that a test asks for. It imports
neither moto nor any other package of `local_cloud`.
"""
