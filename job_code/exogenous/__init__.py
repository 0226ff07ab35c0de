"""Exogenous data: static features, covariates and public holidays, as encoded arrays.

`covariate_store` keeps values on disk. The encodings make numbers.
May import: exogenous_files and what it may import.
"""
