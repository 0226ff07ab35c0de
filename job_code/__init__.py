"""The program of the container: train LightGBM and forecast every series in one job.

`entrypoints/run.py` has the steps of a run in order. Every package may import `contract`, and the packages below it:
entrypoints, fleet, artifacts, training and report, evaluation and forecasting, calibration, model, features and
preparation, exogenous, exogenous_files, demand, then runtime, tables and series. `config` and `errors` are
below all of them.
"""
