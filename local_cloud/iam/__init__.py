"""IAM: decides by identity policies and resource policies whether a caller may make a call.

May import `core`.
"""
