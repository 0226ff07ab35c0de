"""The features of the model: MLForecast's lag features, seasons, calendar, covariates, and the training rows.

`feature_recipe` shows the recipe for each frequency; `feature_matrix` builds the rows that LightGBM sees.
May import: series, exogenous.
"""
