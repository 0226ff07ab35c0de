"""The entry points of the program: local files, training container, processing container.

`run` has all steps of a run; the other modules connect it to their environment.
May import: everything.
"""
