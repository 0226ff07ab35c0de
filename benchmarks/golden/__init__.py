"""The golden guard: it shows whether a change to the program changes a forecast.

`python -m benchmarks.golden` trains, infers and runs a fleet of two instances on small demand of different frequencies,
demand classes and settings. It compares a checksum of each forecast column with `checksums.json`, and prints
`identical` or the differences. A different type of processor may round differently: store checksums before a change,
and compare on the same host.

Modules: `cases` generates the demand, `processes` runs the job's entries as processes, `checksums` compares.
The package uses the job only through its command line and its containers' contract, so refactoring does not affect it.
"""
