"""The settings of an environment: the checked content of `environments/*.toml`.

`environment` models the whole file, and `loader` reads it. `training_job`, `fleet`, `partitions` and `gate` model its
larger tables.
The `[forecast]` table is `job_code.config`. A bad value fails at synth.
May import: `contract`, `job_code.config`, `job_code.config_problems`.
"""
