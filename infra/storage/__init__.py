"""Resources that keep state: the run registry and the Glue catalog.

`data_stores` passes them and the buckets to other packages.
Imports `settings` and `common`.
"""
