"""The program in the container: it trains LightGBM and forecasts every series, in one job.

`entrypoints/run.py` shows the steps of a run in order. Every package may import `contract`, and the packages below it:
entrypoints, fleet, artifacts, training and report, evaluation and forecasting, calibration, model, features and
preparation, exogenous, demand, then runtime, tables and series. `config` and `errors` stand below all of them.
"""
