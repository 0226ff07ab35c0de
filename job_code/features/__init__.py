"""The features of the model: MLForecast's lag features, seasons, calendar, covariates, and the training rows.

`feature_recipe` has the recipe for each frequency. `feature_matrix` builds the rows for LightGBM.
May import: series, exogenous.
"""
