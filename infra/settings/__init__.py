"""What differs between environments: the checked content of `environments/*.toml`.

`environment` is the whole of a file, `loader` reads it, the other modules are its tables and the types of their fields.
Imports `job_code.config` and nothing else of the project: a bad value fails at synth.
"""
