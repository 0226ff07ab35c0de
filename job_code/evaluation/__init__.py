"""Measure accuracy on past periods: the backtest, its windows, metrics and scores, and the numbers of its charts.

The package `forecasting` never imports this package, so that inference does not depend on it.
May import: calibration and what calibration may import, preparation.
"""
