"""The process and its host: worker processes, signals, memory, disk, progress log, failures, and output files.

`process_pool` runs tasks on every core; `output_store` writes a run's files to a folder or to S3 through `s3_prefix`.
`versions` lists the libraries.
May import: errors.
"""
