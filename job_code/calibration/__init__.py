"""Turn a model's output into forecasts with quantiles: ensemble weights, residual scale, residual quantiles.

`calibrator` composes the other modules. All of them are fitted to the backtest.
May import: config, series, exogenous, features, model.
"""
