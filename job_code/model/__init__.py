"""The model: LightGBM trees that forecast each step directly, for two segments of series, and the baselines.

`fitting` fits models in the run's processes; `direct_model` is what others use; `tree_predictor` evaluates trees
faster than LightGBM.
May import: config, series, runtime, exogenous, features.
"""
