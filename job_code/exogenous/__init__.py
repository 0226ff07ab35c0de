"""What is known beside demand: static features, covariates and public holidays, from files to encoded arrays.

`static_files` and `covariate_files` read, `covariate_store` keeps rows on disk, the encodings make numbers.
May import: demand and what demand may import.
"""
