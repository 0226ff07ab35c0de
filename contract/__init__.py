"""What two sides of the application must agree on: the container and the functions, or a program and its reader.

`keys`, `handover_keys`, `partition_keys`: where objects lie in S3, and the IAM patterns of them.
`manifest`, `pointer`, `handover`: the documents that lie there, as far as two sides read them.
`data_files`, `partitions`, `periods`, `job_start`: names of files, partitions, periods, and of what a job is given.
`error_codes`, `log_lines`: how a job says why it failed, and what it logs.
`gate`, `limits`, `quotas`, `model_format`: thresholds, limits, and the format of stored models.
`metrics`, `names`: what CloudWatch, DynamoDB and the other services know things by.
The image brings all of this package along, a function's asset the modules that it imports. It needs the standard
library alone, and imports nothing of the project.
"""
