"""What differs between environments: the checked content of `environments/*.toml`.

`environment` is the whole file, and `loader` reads it. `training_job`, `fleet` and `partitions` are its larger tables.
The `[forecast]` table is `job_code.config`. A bad value fails at synth.
May import: `contract`, `job_code.config`.
"""
