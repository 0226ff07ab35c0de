"""Plan: the first state of a run. It reads the execution's input and decides the run's cutoff, files and mode.

`channels` and `data_files` find the input, `published` finds the published run, and `plans` has the result.
"""
