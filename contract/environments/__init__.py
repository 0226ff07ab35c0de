"""The environment variables of each function. Infra writes them from a dataclass, and the function reads them into it.

`variables` has the common code. A function's asset contains it and the one module with the function's dataclass.
"""
