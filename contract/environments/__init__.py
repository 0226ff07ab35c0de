"""The environment variables of each function: infra writes them from a dataclass, and the function reads them into it.

`variables` has what all of them share; a function's asset holds it and the one module that has the function's own.
"""
