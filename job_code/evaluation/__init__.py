"""How good forecasts would have been: the backtest, its windows, metrics and scores.

Nothing that forecasts imports it.
May import: calibration and what calibration may import, preparation.
"""
