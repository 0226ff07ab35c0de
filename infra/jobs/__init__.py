"""The SageMaker jobs: image, roles, network, and the Step Functions states that start a job and wait for it.

`jobs` composes them. `training_job` and `processing_job` extend `sagemaker_job`. `retries` has the retry limits.
Imports `settings`, `common` and `storage`.
"""
