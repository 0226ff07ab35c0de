"""How good forecasts would have been: the backtest, its windows, metrics and scores, and the numbers of its charts.

Nothing that forecasts imports it.
May import: calibration and what calibration may import, preparation.
"""
