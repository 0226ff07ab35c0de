"""How the job's process ends where it fails."""

JOB_ERROR = 1  # of the job or the platform; of the input, see `errors.InputError`
