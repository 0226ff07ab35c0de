"""The commands of `onejob`, thin: each one turns its options into one call.

A command imports the package that does its work when it runs, so that `onejob --help` answers at once.
The modules may import everything in `cli` but `main`.
"""
