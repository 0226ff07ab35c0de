"""A lower bound of the job's time: decode its files and evaluate its trees with public libraries.

`least_work` defines the lower bound and `measure` measures it. `decode` and `trees` are separate programs. `tree_rows`
draws the rows that `trees` predicts. `predictors` lists the installed predictors.
"""
