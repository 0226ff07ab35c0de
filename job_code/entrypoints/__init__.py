"""The entries of the program: on files, in a training container, in a processing container.

`run` tells the whole story of a run; the other modules connect it to their surroundings.
May import: everything.
"""
