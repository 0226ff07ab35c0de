"""What two sides of the application must agree on: the container and the functions, or a program and its reader.

`s3`: what lies in the buckets, its keys and its documents. `state`: what the state machines carry.
`environments`: the variables of each function.
`data_files`, `partitions`, `periods`, `job_start`: names of files, partitions, periods, and of what a job is given.
`error_codes`, `log_lines`: how a job says why it failed, and what it logs. `function_errors`: how a function fails.
`gate`, `limits`, `quotas`, `model_format`: thresholds, limits, and the format of stored models.
`run_facts`: what manifest, pointer and checked run say alike.
`metrics`, `names`: what CloudWatch, DynamoDB and the other services know things by.
The image brings all of this package along, a function's asset the modules that it imports. It needs the standard
library alone, and imports nothing of the project.
"""
