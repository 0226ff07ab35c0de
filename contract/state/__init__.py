"""What the state machines carry from state to state.

`run_state`, `partitions_state`: the data of an execution, of one run and of all partitions.
`run_record`: what a checked run is.
"""
