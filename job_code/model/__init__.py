"""The model: LightGBM trees that forecast each step directly, for two segments of series, and the baselines.

`fitting` fits models in the run's processes. Other packages use `direct_model`. `tree_predictor` evaluates trees faster
than LightGBM.
May import: config, series, runtime, exogenous, features.
"""
