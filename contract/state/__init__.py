"""The state data of the two state machines.

`run_state`, `partitions_state`: the data of an execution of one run and of all partitions.
`run_record`: the data of a checked run.
"""
