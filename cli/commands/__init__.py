"""The commands of `onejob`. Each command passes its options to one call.

A command imports its package when it runs, so that `onejob --help` answers immediately.
The modules may import everything in `cli` except `main`.
"""
