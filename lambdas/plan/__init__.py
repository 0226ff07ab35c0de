"""Plan: the first state of a run. It reads the execution's input and decides cutoff, files and kind of run.

`channels` and `data_files` find the input, `published` the run to compare with, and `plans` is the answer.
"""
