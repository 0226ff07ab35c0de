"""WSGI layers around moto: read each API call, let it fail where a test asks for it, check its role's policies.

May import `core`.
"""
