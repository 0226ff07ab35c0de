"""The golden guard: it shows whether a change to the program changes a forecast.

`python -m benchmarks.golden` trains, infers and runs a fleet of two instances on small demand of every kind.
It compares a checksum of each forecast column with `checksums.json`, and prints `identical` or what differs.
Another type of processor may round differently: store checksums before a change, and compare on the same machine.

Modules: `cases` makes the demand, `processes` runs the job's entries as processes, `checksums` compares.
The package uses the job only through its command line and its containers' contract, so that it survives every move.
"""
