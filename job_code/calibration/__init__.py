"""From a model's expectations to forecasts with quantiles: ensemble weights, residual scale, residual quantiles.

`calibrator` composes the others; all of it is learned from the backtest.
May import: config, series, exogenous, features, model.
"""
