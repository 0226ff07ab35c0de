"""Files of static columns and covariates, streamed into the shards of the demand.

`static_files` and `covariate_files` read files. `covariate_alignment` gives their rows series and periods.
May import: demand and what demand may import.
"""
