"""Exogenous data: static features, covariates and public holidays, from files to encoded arrays.

`static_files` and `covariate_files` read files. `covariate_store` keeps values on disk. The encodings make numbers.
May import: demand and what demand may import.
"""
