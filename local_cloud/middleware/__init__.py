"""WSGI layers around moto. They read each API call, inject the faults of a test, and check the policies.

May import `core` and `iam`.
"""
