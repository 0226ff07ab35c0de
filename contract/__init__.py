"""Interfaces between parts of the application: the container and the functions, or a program and its reader.

`s3`: keys and documents in the buckets. `state`: data of the state machines.
`environments`: environment variables of each function.
`calendar`: frequencies, periods and their labels.
`data_files`, `partitions`, `job_start`: names of files and partitions, and a job's inputs.
`error_codes`, `log_lines`: a job's failure codes and log lines. `function_errors`: the errors of the functions.
`gate`, `limits`, `quotas`, `model_format`: thresholds, limits, and the format of stored models.
`run_facts`: fields that manifest, pointer and checked run share.
`metrics`, `names`: names of metrics, tables, functions and other AWS resources.
The image contains the whole package; a function's asset contains only the modules that it imports. The package uses
only the standard library, and imports nothing else of the project.
"""
