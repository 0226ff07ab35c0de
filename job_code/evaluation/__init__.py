"""How good forecasts would have been: the backtest, its windows, metrics and scores, and the numbers of its charts.

The package `forecasting` never imports it, so that inference stands alone.
May import: calibration and what calibration may import, preparation.
"""
